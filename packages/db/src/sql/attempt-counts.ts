import type { Queryable } from '../queryable.ts'

/** How attempts at events ended lately, in a shorter and a longer span that both end now. */
export interface AttemptCounts {
  readonly attempts: number
  readonly failed: number
  readonly attempts_longer: number
  readonly failed_longer: number
}

/** Sums the attempts at events that ended in the last so many minutes, in whole spans of ten seconds that began since. */
export async function attemptCounts(
  db: Queryable,
  o: { readonly minutes: number; readonly longerMinutes: number },
): Promise<AttemptCounts> {
  const { rows } = await db.query<AttemptCounts>(
    `SELECT coalesce(sum(attempts) FILTER (WHERE span >= s.since), 0)::int AS attempts,
            coalesce(sum(failed) FILTER (WHERE span >= s.since), 0)::int AS failed,
            coalesce(sum(attempts), 0)::int AS attempts_longer, coalesce(sum(failed), 0)::int AS failed_longer
       FROM tds_attempt_counts
      CROSS JOIN (SELECT tds_now() - make_interval(mins => $1) AS since) s
      WHERE span >= tds_now() - make_interval(mins => $2)`,
    [o.minutes, o.longerMinutes],
    { name: 'attempt_counts' },
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('attempt_counts gave no row')
  return row
}
