import { setTimeout as sleep } from 'node:timers/promises'

import type { TestDatabase } from '@tds/db/testing'
import { loadConfig } from '@tds/runtime'
import { createWorker, type WorkerConfig, workerConfigSchema } from '@tds/worker'

/** What workers that are gone have left behind. */
export interface LeftBehind {
  readonly connections: number
  readonly living: number
  readonly leases: number
  readonly claims: number
}

/** From at once to long after everything runs: the moment of the stop comes back after so many rounds. */
const moments = 20
const stepMs = 15

/** Starts and stops a worker again and again, at ever another moment; returns what failed, and what is left behind. */
export async function startAndStop(
  { url, db }: Pick<TestDatabase, 'url' | 'db'>,
  rounds: number,
): Promise<{ readonly failures: unknown[]; readonly left: LeftBehind | undefined }> {
  const failures: unknown[] = []
  for (let round = 0; round < rounds; round += 1) {
    const worker = createWorker(configOf(url), { fail: (error) => failures.push(error) })
    const starting = worker.start().catch((error: unknown) => {
      // Stopped while it started, which is no failure.
      if ((error as { code?: unknown }).code !== 'stopped') failures.push(error)
    })
    await sleep((round % moments) * stepMs)
    await worker.stop()
    await starting
  }
  const { rows } = await db.query<LeftBehind>(
    `SELECT (SELECT count(*)::int FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()) AS connections,
            (SELECT count(*)::int FROM tds_daemons WHERE stopped_at IS NULL) AS living,
            (SELECT count(*)::int FROM tds_leases WHERE expires_at > tds_now()) AS leases,
            (SELECT count(*)::int FROM tds_work_claims) AS claims`,
  )
  return { failures, left: rows[0] }
}

function configOf(databaseUrl: string): WorkerConfig {
  return loadConfig(workerConfigSchema, {
    DATABASE_URL: databaseUrl,
    WORKER_HEALTH_PORT: '0',
    ZOHO_API_URL: 'http://127.0.0.1:9',
    ZOHO_ACCOUNTS_URL: 'http://127.0.0.1:9',
    ZOHO_DATA_CENTER: 'us',
    ZOHO_ORGANIZATION_ID: '790412365',
    ZOHO_CLIENT_ID: '1000.CLIENT',
    ZOHO_CLIENT_SECRET: 'a-secret-of-nobody',
    ZOHO_REFRESH_TOKEN: '1000.refresh',
    TDS_ENCRYPTION_KEY: '0'.repeat(63) + '1',
  })
}
