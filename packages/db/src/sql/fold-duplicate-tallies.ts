import type { Queryable } from '../queryable.ts'

/** What one pass over the tallies came to. */
export interface FoldedTallies {
  /** Tallies taken into their event's count. */
  readonly folded: number
  /** Tallies whose event has been pruned meanwhile; they are deleted. */
  readonly orphaned: number
  /** Tallies whose event is still locked; they stay for the next pass. */
  readonly left: number
}

/**
 * Takes the oldest tallies of duplicates into the counts of their events, without waiting for a lock. Both the
 * tallies and the events are locked, so that several apis can fold at the same time and none is counted twice.
 */
export async function foldDuplicateTallies(db: Queryable, limit: number): Promise<FoldedTallies> {
  const { rows } = await db.query<{ folded: number; orphaned: number; seen: number }>(
    `WITH seen AS MATERIALIZED (
       SELECT id, event_id, seen_at, times FROM tds_duplicate_tallies
        ORDER BY id
        LIMIT $1
          FOR UPDATE SKIP LOCKED
     ), events AS MATERIALIZED (
       SELECT e.id FROM tds_inbox_events e
        WHERE e.id IN (SELECT event_id FROM seen)
        ORDER BY e.id
          FOR NO KEY UPDATE SKIP LOCKED
     ), orphans AS (
       SELECT s.id FROM seen s
        WHERE NOT EXISTS (SELECT FROM tds_inbox_events e WHERE e.id = s.event_id)
     ), counted AS (
       UPDATE tds_inbox_events e
          SET duplicate_count = e.duplicate_count + t.times,
              last_duplicate_at = greatest(e.last_duplicate_at, t.seen_at)
         FROM (SELECT event_id, sum(times)::int AS times, max(seen_at) AS seen_at FROM seen GROUP BY event_id) t
         JOIN events ON events.id = t.event_id
        WHERE e.id = t.event_id
     ), deleted AS (
       DELETE FROM tds_duplicate_tallies d
        USING seen s
        WHERE d.id = s.id
          AND (s.event_id IN (SELECT id FROM events) OR s.id IN (SELECT id FROM orphans))
     )
     SELECT (SELECT count(*)::int FROM seen WHERE event_id IN (SELECT id FROM events)) AS folded,
            (SELECT count(*)::int FROM orphans) AS orphaned,
            (SELECT count(*)::int FROM seen) AS seen`,
    [limit],
  )
  const { folded = 0, orphaned = 0, seen = 0 } = rows[0] ?? {}
  return { folded, orphaned, left: seen - folded - orphaned }
}
