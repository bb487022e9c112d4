import type { Queryable } from '../queryable.ts'

/**
 * Whether deliveries of the last minutes wait that no worker has taken: then whoever is in no hurry steps back. What was
 * tried before does not count.
 */
export async function doesLiveWorkWait(db: Queryable, seconds: number): Promise<boolean> {
  const { rows } = await db.query<{ waits: boolean }>(
    `SELECT EXISTS (
       SELECT FROM tds_inbox_events
        WHERE status = 'pending' AND NOT awaiting_read AND attempt_count = 0
          AND received_at BETWEEN tds_now() - interval '15 minutes' AND tds_now() - make_interval(secs => $1)) AS waits`,
    [seconds],
    { name: 'does_live_work_wait' },
  )
  return rows[0]?.waits ?? false
}
