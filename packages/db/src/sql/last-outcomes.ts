import type { Queryable } from '../queryable.ts'

/** How events of one type fared lately; ages in seconds by the database's clock, null where there was none. */
export interface LastOutcomes {
  readonly entity_type: string
  readonly last_success_seconds: number | null
  readonly last_failure_seconds: number | null
}

/** Attempts looked back over, so that a busy day does not make the question slow. */
const attempts = 20_000

/** When an event of each type was last applied (or found unchanged or stale), and when one was last given up on, within the last hours. */
export async function lastOutcomes(db: Queryable, withinHours: number): Promise<LastOutcomes[]> {
  const { rows } = await db.query<LastOutcomes>(
    `SELECT entity_type,
            extract(epoch FROM tds_now() - max(logged_at) FILTER (
              WHERE outcome IN ('applied', 'unchanged', 'stale')))::float8 AS last_success_seconds,
            extract(epoch FROM tds_now() - max(logged_at) FILTER (
              WHERE outcome = 'dead_letter'))::float8 AS last_failure_seconds
       FROM (SELECT entity_type, outcome, logged_at FROM tds_sync_logs
              WHERE logged_at > tds_now() - make_interval(hours => $1)
              ORDER BY logged_at DESC
              LIMIT $2) recent
      GROUP BY entity_type
      ORDER BY entity_type`,
    [withinHours, attempts],
    { name: 'last_outcomes' },
  )
  return rows
}
