import type { Queryable } from '../queryable.ts'

/** A delivery that collided with one that is already there. */
export interface DuplicateDelivery {
  /** The id it would have had; equal to the first row's where both have the same idempotency key. */
  readonly id: string
  readonly organizationId: string
  readonly idempotencyKey: string
  readonly foldKey: string | null
  /** How many deliveries of the same thing this stands for. */
  readonly times: number
}

/**
 * Finds the row each delivery repeats and counts it there, in one statement that never waits for a lock: what
 * somebody else holds is noted in `tds_duplicate_tallies` and folded in later. With `mayBeStored`, a row
 * that carries the delivery's own id is what an earlier, broken attempt left, and is not counted.
 *
 * Returns the first row's id by delivery, in the order given; null where there is none any more (its twin was
 * claimed, or the row pruned, since the insert collided): such a delivery is a new one.
 */
export async function countDuplicates(
  tx: Queryable,
  deliveries: readonly DuplicateDelivery[],
  { mayBeStored }: { readonly mayBeStored: boolean },
): Promise<(string | null)[]> {
  // Not a named statement, for the reason given in insert-inbox-events.ts.
  const { rows } = await tx.query<{ event_id: string | null }>(
    `WITH seen AS MATERIALIZED (
       SELECT d.position, d.id, d.times,
              coalesce(
                (SELECT e.id FROM tds_inbox_events e
                  WHERE e.organization_id = d.organization_id AND e.idempotency_key = d.idempotency_key),
                (SELECT e.id FROM tds_inbox_events e
                  WHERE e.organization_id = d.organization_id AND e.fold_key = d.fold_key AND e.foldable)
              ) AS event_id
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::int[])
              WITH ORDINALITY AS d (id, organization_id, idempotency_key, fold_key, times, position)
     ), totals AS (
       SELECT event_id, sum(times)::int AS times
         FROM seen
        WHERE event_id IS NOT NULL AND NOT ($6 AND event_id = id)
        GROUP BY event_id
     ), locked AS MATERIALIZED (
       SELECT e.id FROM tds_inbox_events e
        WHERE e.id IN (SELECT event_id FROM totals)
        ORDER BY e.id
          FOR NO KEY UPDATE SKIP LOCKED
     ), counted AS (
       UPDATE tds_inbox_events e
          SET duplicate_count = e.duplicate_count + t.times, last_duplicate_at = tds_now()
         FROM totals t
         JOIN locked l ON l.id = t.event_id
        WHERE e.id = t.event_id
     ), tallied AS (
       INSERT INTO tds_duplicate_tallies (event_id, seen_at, times)
       SELECT t.event_id, tds_now(), t.times
         FROM totals t
        WHERE NOT EXISTS (SELECT FROM locked l WHERE l.id = t.event_id)
     )
     SELECT event_id FROM seen ORDER BY position`,
    [
      deliveries.map((delivery) => delivery.id),
      deliveries.map((delivery) => delivery.organizationId),
      deliveries.map((delivery) => delivery.idempotencyKey),
      deliveries.map((delivery) => delivery.foldKey),
      deliveries.map((delivery) => delivery.times),
      mayBeStored,
    ],
  )
  return rows.map((row) => row.event_id)
}
