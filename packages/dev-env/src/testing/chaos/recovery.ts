import { setTimeout as sleep } from 'node:timers/promises'

import type { Database } from '@tds/db'
import type { HealthReport } from '@tds/runtime'

import type { ChaosWorld } from './chaos-world.ts'

/** How long it took until all was well again after a fault. */
export interface Recovery {
  /** Null where it took too long. */
  readonly ms: number | null
  /** What was not well then, in words. */
  readonly unwell: readonly string[]
}

const LIMIT_MS = 120_000
const LOOK_MS = 100
/** What a deletion fuse holds waits for a person, whatever has broken. */
const IS_HELD = `EXISTS (SELECT FROM tds_held_deletions h
  WHERE h.entity_type = e.entity_type AND h.zoho_id = e.source_entity_id)`
const HEALTH_MS = 5_000

/**
 * From the end of a fault until all that was received before it is final, something received after it is too, and no
 * daemon says of itself that it is unhealthy.
 */
export async function untilRecovered(world: ChaosWorld): Promise<Recovery> {
  const { db } = world.database
  const from = performance.now()
  let endedAt: string | null = null
  let unwell: readonly string[] = []
  while (performance.now() - from < LIMIT_MS) {
    try {
      endedAt ??= (await db.query<{ now: string }>('SELECT tds_now() AS now')).rows[0]?.now ?? ''
      unwell = await unwellNow(world, endedAt)
      if (unwell.length === 0) return { ms: performance.now() - from, unwell }
    } catch {
      unwell = ['Postgres does not answer']
    }
    await sleep(LOOK_MS)
  }
  return { ms: null, unwell: [...unwell, ...(await waitingBefore(db, endedAt).catch(() => []))] }
}

async function unwellNow({ database, installation }: ChaosWorld, endedAt: string): Promise<string[]> {
  const { rows } = await database.db.query<{ waiting: number; finished: number }>(
    `SELECT count(*) FILTER (WHERE received_at <= $1 AND processed_at IS NULL AND NOT ${IS_HELD})::int AS waiting,
            count(*) FILTER (WHERE received_at > $1 AND processed_at IS NOT NULL)::int AS finished
       FROM tds_inbox_events e WHERE status <> 'quarantined'`,
    [endedAt],
  )
  const { waiting = 0, finished = 0 } = rows[0] ?? {}
  if (waiting > 0) return [`${String(waiting)} events from before are not final`]
  if (finished === 0) return ['nothing received since is final']
  const said = await Promise.all([...installation.healthUrls].map(([name, url]) => healthOf(name, url)))
  return said.flatMap((problem) => problem ?? [])
}

async function healthOf(name: string, url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(HEALTH_MS) })
    const { checks } = (await answer.json()) as HealthReport
    if (answer.ok) return null
    const bad = checks.filter(({ status }) => status === 'unhealthy')
    return `${name} is unhealthy: ${bad.map((check) => `${check.name}: ${check.detail}`).join(', ')}`
  } catch {
    return `/health of ${name} does not answer`
  }
}

/** What those events wait for, as far as their rows tell. */
async function waitingBefore(db: Database, endedAt: string | null): Promise<string[]> {
  const { rows } = await db.query<{ says: string }>(
    `SELECT count(*) || ' ' || e.entity_type || ' ' || e.status || coalesce(', ' || e.error_code, '')
              || coalesce(', its read: ' || split_part(o.last_error, ':', 1), '') AS says
       FROM tds_inbox_events e
       LEFT JOIN tds_owed_reads o ON o.entity_type = e.entity_type AND o.zoho_id = e.source_entity_id
      WHERE e.received_at <= $1 AND e.processed_at IS NULL AND e.status <> 'quarantined' AND NOT ${IS_HELD}
      GROUP BY e.entity_type, e.status, e.error_code, split_part(o.last_error, ':', 1)
      ORDER BY count(*) DESC LIMIT 10`,
    [endedAt],
  )
  return rows.map(({ says }) => says)
}
