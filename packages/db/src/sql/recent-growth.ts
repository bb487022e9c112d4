import type { Queryable } from '../queryable.ts'

/** Counts the dead letters that were given up in the last so many minutes and are open still. */
export async function openLettersSince(db: Queryable, minutes: number): Promise<number> {
  const { rows } = await db.query<{ letters: number }>(
    `SELECT count(*)::int AS letters FROM tds_dead_letter_queue
      WHERE status = 'open' AND created_at > tds_now() - make_interval(mins => $1)`,
    [minutes],
    { name: 'open_letters_since' },
  )
  return rows[0]?.letters ?? 0
}

/** Counts the deliveries that were quarantined in the last so many minutes and are so still. */
export async function quarantinedSince(db: Queryable, minutes: number): Promise<number> {
  const { rows } = await db.query<{ events: number }>(
    `SELECT count(*)::int AS events FROM tds_inbox_events
      WHERE status = 'quarantined' AND received_at > tds_now() - make_interval(mins => $1)`,
    [minutes],
    { name: 'quarantined_since' },
  )
  return rows[0]?.events ?? 0
}

/** What became of events. */
export interface FinishedCounts {
  readonly finished: number
  readonly succeeded: number
}

/** Tells by the counters what became of the events that were received in the last so many hours. */
export async function finishedSince(db: Queryable, hours: number): Promise<FinishedCounts> {
  const { rows } = await db.query<FinishedCounts>(
    `SELECT coalesce(sum(events), 0)::int AS finished,
            coalesce(sum(events) FILTER (WHERE status <> 'dead_letter'), 0)::int AS succeeded
       FROM tds_event_counts
      WHERE minute > tds_now() - make_interval(hours => $1)
        AND status IN ('applied', 'unchanged', 'stale', 'dead_letter')`,
    [hours],
    { name: 'finished_since' },
  )
  return rows[0] ?? { finished: 0, succeeded: 0 }
}
