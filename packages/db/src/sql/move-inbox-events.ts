import type { Queryable } from '../queryable.ts'

/** A step in the life of an event: from the state it was locked in to the next. */
export interface EventMove {
  readonly id: string
  /** Time of receipt as Postgres printed it; its minute is the counter's. */
  readonly received_at: string
  readonly from: string
  readonly to: string
  readonly error_code: string | null
  readonly error_message: string | null
  /** 1 where this was an attempt of the event's own, 0 where it only waits. */
  readonly attempts: number
  readonly reads: number
  readonly awaiting_read: boolean
  /** Seconds from now; null where there is no next attempt, or nobody needs to wait for it. */
  readonly next_attempt_in: number | null
}

/** Who moves events: its counter rows are its own, so that daemons and their lanes never wait for each other. */
export interface Mover {
  readonly daemonId: string
  readonly lane: number
}

/**
 * Moves events to their next state and adjusts the counters in the same transaction, which is what makes
 * "received = finished + waiting" checkable. An event that was claimed is never folded into again.
 */
export async function moveInboxEvents(
  tx: Queryable,
  moves: readonly EventMove[],
  mover: Mover,
): Promise<void> {
  if (moves.length === 0) return
  await tx.query(
    `UPDATE tds_inbox_events e
        SET status = x.status::tds_event_status, error_code = x.error_code, error_message = x.error_message,
            attempt_count = e.attempt_count + x.attempts, reads = e.reads + x.reads,
            awaiting_read = x.awaiting_read, next_attempt_at = tds_now() + make_interval(secs => x.next_attempt_in), foldable = false,
            processed_at = CASE WHEN x.status IN ('applied', 'unchanged', 'stale', 'dead_letter', 'discarded')
                                THEN tds_now() END
       FROM json_to_recordset($1::json) AS x(id uuid, status text, error_code text, error_message text,
            attempts integer, reads integer, awaiting_read boolean, next_attempt_in double precision)
      WHERE e.id = x.id`,
    [
      JSON.stringify(
        moves.map(({ received_at: _received, from: _from, to, ...move }) => ({ ...move, status: to })),
      ),
    ],
    { name: 'move_inbox_events' },
  )
  await adjustEventCounts(tx, countMoves(moves), mover)
}

/** A change of a counter: so many events more, or fewer, of this minute of receipt are in this state. */
export interface CountAdjustment {
  readonly minute: string
  readonly status: string
  readonly events: number
}

/** Adds the adjustments to the mover's own counter rows. */
export async function adjustEventCounts(
  tx: Queryable,
  adjustments: readonly CountAdjustment[],
  mover: Mover,
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_event_counts AS c (minute, status, daemon_id, lane, events)
     SELECT x.minute, x.status::tds_event_status, $2::uuid, $3::smallint, x.events
       FROM json_to_recordset($1::json) AS x(minute timestamptz, status text, events bigint)
      ORDER BY x.minute, x.status
         ON CONFLICT (minute, status, daemon_id, lane) DO UPDATE SET events = c.events + excluded.events`,
    [JSON.stringify(adjustments), mover.daemonId, mover.lane],
    { name: 'adjust_event_counts' },
  )
}

function countMoves(moves: readonly EventMove[]): CountAdjustment[] {
  const counts = new Map<string, CountAdjustment>()
  const add = (minute: string, status: string, events: number): void => {
    const key = `${minute} ${status}`
    counts.set(key, { minute, status, events: (counts.get(key)?.events ?? 0) + events })
  }
  for (const move of moves) {
    // "2026-07-21 15:03:55.12+00" → its minute; the session is in UTC.
    const minute = `${move.received_at.slice(0, 16)}:00+00`
    add(minute, move.from, -1)
    add(minute, move.to, 1)
  }
  return [...counts.values()].filter((count) => count.events !== 0)
}
