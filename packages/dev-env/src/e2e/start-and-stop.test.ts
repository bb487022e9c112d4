import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { loadConfig } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import { createWorker, workerConfigSchema } from '@tds/worker'

const rounds = 20

describe('a worker that is started and stopped again and again', () => {
  let database: TestDatabase

  beforeAll(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterAll(async () => {
    await database.drop()
  })

  it('F-19: leaves no connection, claim, lease or living daemon behind, at whatever moment it is stopped', async () => {
    const failures: unknown[] = []
    for (let round = 0; round < rounds; round += 1) {
      const worker = createWorker(config(), { fail: (error) => failures.push(error) })
      const starting = worker.start().catch((error: unknown) => {
        // Stopped while it started, which is no failure.
        if ((error as { code?: unknown }).code !== 'stopped') failures.push(error)
      })
      // From at once to long after everything runs.
      await new Promise((resolve) => setTimeout(resolve, round * 15))
      await worker.stop()
      await starting
    }
    expect(failures).toEqual([])
    const { rows } = await database.db.query(
      `SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()) AS connections,
              (SELECT count(*) FROM tds_daemons WHERE stopped_at IS NULL) AS living,
              (SELECT count(*) FROM tds_leases WHERE expires_at > tds_now()) AS leases,
              (SELECT count(*) FROM tds_work_claims) AS claims`,
    )
    expect(rows).toEqual([{ connections: '0', living: '0', leases: '0', claims: '0' }])
  }, 120_000)

  function config() {
    return loadConfig(workerConfigSchema, {
      DATABASE_URL: database.url,
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
})
