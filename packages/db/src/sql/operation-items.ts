import type { Queryable } from '../queryable.ts'

/** What became of an item of an operation. */
export const itemOutcomes = ['applied', 'unchanged', 'stale', 'failed', 'settled', 'busy', 'skipped'] as const

/** One of {@link itemOutcomes}. */
export type ItemOutcome = (typeof itemOutcomes)[number]

/** What the preview says of an item. */
export const itemPredictions = ['applied', 'unchanged', 'stale', 'reread', 'failed', 'untried'] as const

/** One of {@link itemPredictions}. */
export type ItemPrediction = (typeof itemPredictions)[number]

/** A dead letter chosen for an operation, with what the preview said. */
export interface NewItem {
  readonly letterId: string
  readonly predicted: ItemPrediction
  readonly fields: readonly string[]
  readonly calls: number
  /** Set where it is left out from the beginning. */
  readonly skipped: string | null
}

/** Writes down what an operation acts on, in the order given; from then on nobody changes it. */
export async function insertItems(
  tx: Queryable,
  operationId: string,
  items: readonly NewItem[],
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_operation_items (operation_id, place, dead_letter_id, predicted, predicted_fields, predicted_calls,
            state, outcome, detail, done_at)
     SELECT $1::uuid, x.place, x."letterId", x.predicted, x.fields, x.calls,
            CASE WHEN x.skipped IS NULL THEN 'waiting' ELSE 'done' END,
            CASE WHEN x.skipped IS NOT NULL THEN 'skipped' END, x.skipped,
            CASE WHEN x.skipped IS NOT NULL THEN tds_now() END
       FROM json_to_recordset($2::json) AS x(place integer, "letterId" uuid, predicted text, fields text[], calls smallint,
            skipped text)`,
    [operationId, JSON.stringify(items.map((item, index) => ({ ...item, place: index + 1 })))],
  )
}

/** An item as a worker or a person looks at it. */
export interface StoredItem {
  readonly operation_id: string
  readonly place: number
  readonly dead_letter_id: string
  readonly event_ids: readonly string[]
  readonly predicted: ItemPrediction
  readonly predicted_fields: readonly string[]
  readonly predicted_calls: number
  readonly state: 'waiting' | 'queued' | 'done'
  readonly outcome: ItemOutcome | null
  readonly detail: string | null
  readonly queued_at: string | null
}

const columns = `i.operation_id, i.place, i.dead_letter_id, i.event_ids::text[] AS event_ids, i.predicted, i.predicted_fields,
            i.predicted_calls, i.state, i.outcome, i.detail, i.queued_at`

/** The next items of an operation that wait. */
export async function waitingItems(db: Queryable, operationId: string, limit: number): Promise<StoredItem[]> {
  const { rows } = await db.query<StoredItem>(
    `SELECT ${columns} FROM tds_operation_items i
      WHERE i.operation_id = $1::uuid AND i.state = 'waiting' ORDER BY i.place LIMIT $2`,
    [operationId, limit],
  )
  return rows
}

/** The items of an operation that were given to the worker and all of whose events have ended. */
export async function endedItems(db: Queryable, operationId: string): Promise<StoredItem[]> {
  const { rows } = await db.query<StoredItem>(
    `SELECT ${columns} FROM tds_operation_items i
      WHERE i.operation_id = $1::uuid AND i.state = 'queued'
        AND NOT EXISTS (SELECT FROM tds_inbox_events e
                         WHERE e.id = ANY(i.event_ids) AND e.status IN ('pending', 'processing', 'retry'))
      ORDER BY i.place`,
    [operationId],
  )
  return rows
}

/** An item with its letter, as a person looks at it. */
export interface ShownItem extends StoredItem {
  readonly entity_type: string
  readonly source_entity_id: string | null
  readonly class: string
  readonly error_code: string | null
}

/** The items of an operation in their order, from after a place on. */
export async function listItems(
  db: Queryable,
  operationId: string,
  o: { readonly outcome?: string | undefined; readonly after: number; readonly limit: number },
): Promise<ShownItem[]> {
  const { rows } = await db.query<ShownItem>(
    `SELECT ${columns}, d.entity_type, d.source_entity_id, d.class, d.error_code
       FROM tds_operation_items i JOIN tds_dead_letter_queue d ON d.id = i.dead_letter_id
      WHERE i.operation_id = $1::uuid AND i.place > $2 AND ($3::text IS NULL OR i.outcome = $3)
      ORDER BY i.place LIMIT $4`,
    [operationId, o.after, o.outcome ?? null, o.limit],
  )
  return rows
}

/** How many items stand where: what decides whether an operation goes on. */
export interface ItemCounts {
  readonly open: number
  readonly tried: number
  readonly failed: number
}

/** Counts the items of an operation. */
export async function countItems(db: Queryable, operationId: string): Promise<ItemCounts> {
  const { rows } = await db.query<ItemCounts>(
    `SELECT count(*) FILTER (WHERE state <> 'done')::int AS open,
            count(*) FILTER (WHERE outcome IN ('applied', 'unchanged', 'stale', 'failed'))::int AS tried,
            count(*) FILTER (WHERE outcome = 'failed')::int AS failed
       FROM tds_operation_items WHERE operation_id = $1::uuid`,
    [operationId],
  )
  return rows[0] ?? { open: 0, tried: 0, failed: 0 }
}

/** Where an item goes: to the worker with its events, or to its end. */
export type ItemMove =
  | { readonly place: number; readonly state: 'queued'; readonly eventIds: readonly string[] }
  | {
      readonly place: number
      readonly state: 'done'
      readonly outcome: ItemOutcome
      readonly detail: string | null
    }

/** Moves items of an operation. One that is done stays as it is. */
export async function moveItems(
  tx: Queryable,
  operationId: string,
  moves: readonly ItemMove[],
): Promise<void> {
  if (moves.length === 0) return
  await tx.query(
    `UPDATE tds_operation_items i
        SET state = x.state, event_ids = coalesce(x."eventIds", i.event_ids), outcome = x.outcome, detail = x.detail,
            queued_at = CASE WHEN x.state = 'queued' THEN tds_now() ELSE i.queued_at END,
            done_at = CASE WHEN x.state = 'done' THEN tds_now() END
       FROM json_to_recordset($2::json) AS x(place integer, state text, "eventIds" uuid[], outcome text, detail text)
      WHERE i.operation_id = $1::uuid AND i.place = x.place AND i.state <> 'done'`,
    [operationId, JSON.stringify(moves)],
  )
}
