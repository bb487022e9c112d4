import type { Queryable } from '../queryable.ts'

/** How attempts at events ended lately, in a shorter and a longer span that both end now. */
export interface AttemptCounts {
  readonly attempts: number
  readonly failed: number
  readonly attempts_longer: number
  readonly failed_longer: number
}

/** Attempts looked back over, so that a busy hour does not make the question slow. */
const mostAttempts = 200_000

/** Waiting for one's turn at Zoho is no attempt, whatever it is written down as. */
const waits = ['zoho_rate_limited', 'zoho_quota_exhausted', 'zoho_budget_wait', 'zoho_circuit_open']
  .concat('zoho_token_throttled')
  .map((code) => `'${code}'`)
  .join(', ')

/**
 * Counts the attempts at events that ended in the last so many minutes. What was unchanged or stale went well; what waits
 * for a read, a lock or a turn at Zoho was not attempted: only a retry that has an error and no reason to wait failed.
 */
export async function attemptCounts(
  db: Queryable,
  o: { readonly minutes: number; readonly longerMinutes: number },
): Promise<AttemptCounts> {
  const { rows } = await db.query<AttemptCounts>(
    `WITH span AS MATERIALIZED (SELECT tds_now() - make_interval(mins => $1) AS since),
     attempts AS (
       SELECT logged_at, outcome IN ('retry', 'dead_letter') AS failed FROM tds_sync_logs
        WHERE logged_at > tds_now() - make_interval(mins => $2)
          AND (outcome IN ('applied', 'unchanged', 'stale', 'dead_letter')
               OR (outcome = 'retry' AND error_code NOT IN (${waits}) AND detail IS NULL))
        ORDER BY logged_at DESC
        LIMIT ${String(mostAttempts)}
     )
     SELECT count(*) FILTER (WHERE a.logged_at > s.since)::int AS attempts,
            count(*) FILTER (WHERE a.logged_at > s.since AND a.failed)::int AS failed,
            count(a.logged_at)::int AS attempts_longer, count(*) FILTER (WHERE a.failed)::int AS failed_longer
       FROM span s LEFT JOIN attempts a ON true`,
    [o.minutes, o.longerMinutes],
    { name: 'attempt_counts' },
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('attempt_counts gave no row')
  return row
}
