import type { Queryable } from '../queryable.ts'

/** Deliveries that one api refused for one reason since it last wrote them down. */
export interface RefusalCount {
  /** HTTP status of the answer. */
  readonly answer: 401 | 413
  readonly reason: string
  readonly times: number
}

/** Adds refused deliveries to the counts of this minute, in one statement however many they were. */
export async function addRefusals(
  db: Queryable,
  daemonId: string,
  counts: readonly RefusalCount[],
): Promise<void> {
  await db.query(
    `INSERT INTO tds_webhook_refusals AS c (minute, answer, reason, daemon_id, refusals)
     SELECT date_trunc('minute', tds_now()), x.answer, x.reason, $2::uuid, x.times
       FROM json_to_recordset($1::json) AS x(answer smallint, reason text, times bigint)
      ORDER BY x.answer, x.reason
         ON CONFLICT (minute, answer, reason, daemon_id) DO UPDATE SET refusals = c.refusals + excluded.refusals`,
    [JSON.stringify(counts), daemonId],
    { name: 'add_refusals' },
  )
}

/** What became of deliveries lately: refused, by answer, or stored. Repeats are not counted. */
export interface RecentRefusals {
  readonly not_authentic: number
  readonly too_large: number
  readonly stored: number
}

/** Tells by the counters how many deliveries of the last so many minutes were refused, and how many stored. */
export async function recentRefusals(db: Queryable, minutes: number): Promise<RecentRefusals> {
  const { rows } = await db.query<RecentRefusals>(
    `SELECT coalesce(sum(refusals) FILTER (WHERE answer = 401), 0)::int AS not_authentic,
            coalesce(sum(refusals) FILTER (WHERE answer = 413), 0)::int AS too_large,
            (SELECT coalesce(sum(events), 0)::int FROM tds_event_counts
              WHERE minute > tds_now() - make_interval(mins => $1)) AS stored
       FROM tds_webhook_refusals WHERE minute > tds_now() - make_interval(mins => $1)`,
    [minutes],
    { name: 'recent_refusals' },
  )
  return rows[0] ?? { not_authentic: 0, too_large: 0, stored: 0 }
}
