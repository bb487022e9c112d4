import type { Queryable } from '../queryable.ts'
import type { ListPosition } from './list-position.ts'

/** How an operation stands. */
export const operationStates = ['running', 'stopped', 'aborted', 'completed'] as const

/** One of {@link operationStates}. */
export type OperationState = (typeof operationStates)[number]

/** An operation as a person looks at it; times as Postgres prints them. */
export interface StoredOperation {
  readonly id: string
  readonly organization_id: string
  readonly kind: string
  readonly status: OperationState
  readonly requested_by: string
  readonly reason: string | null
  readonly via: string
  readonly cause: string | null
  /** JSON text. */
  readonly filter: string
  readonly rate_per_second: number
  readonly stop_on_error_percent: number
  readonly status_note: string | null
  readonly started_at: string
  readonly completed_at: string | null
  readonly items: number
  readonly waiting: number
  readonly queued: number
  readonly done: number
  /** JSON text: outcome → items. */
  readonly outcomes: string
  /** JSON text: what the preview said → items. */
  readonly predictions: string
}

/** An operation to begin. */
export interface NewOperation {
  readonly organizationId: string
  readonly requestedBy: string
  readonly reason: string | null
  readonly via: string
  /** What let the system ask; only one operation has the same. */
  readonly cause: string | null
  /** What was chosen, in the words of the request. */
  readonly filter: Readonly<Record<string, unknown>>
  readonly ratePerSecond: number
  readonly stopOnErrorPercent: number
}

/** Begins a replay and returns its id; null where one with the same cause exists. */
export async function insertOperation(tx: Queryable, o: NewOperation): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO tds_operations (organization_id, kind, requested_by, reason, via, cause, filter, rate_per_second,
            stop_on_error_percent)
     VALUES ($1, 'replay', $2, $3, $4, $5, $6::jsonb, $7, $8)
         ON CONFLICT (cause) WHERE cause IS NOT NULL DO NOTHING
     RETURNING id`,
    [
      o.organizationId,
      o.requestedBy,
      o.reason,
      o.via,
      o.cause,
      JSON.stringify(o.filter),
      o.ratePerSecond,
      o.stopOnErrorPercent,
    ],
  )
  return rows[0]?.id ?? null
}

/** Whether an operation was begun for this cause. */
export async function isCauseKnown(db: Queryable, cause: string): Promise<boolean> {
  const { rowCount } = await db.query('SELECT FROM tds_operations WHERE cause = $1', [cause])
  return rowCount > 0
}

/** Lists operations, the newest first, one page at a time. */
export async function listOperations(
  db: Queryable,
  filter: {
    readonly organizationId: string
    readonly ids?: readonly string[] | undefined
    readonly states?: readonly OperationState[] | undefined
  },
  page: { readonly limit: number; readonly after: ListPosition | null },
): Promise<StoredOperation[]> {
  const { rows } = await db.query<StoredOperation>(
    `SELECT o.id, o.organization_id, o.kind, o.status, o.requested_by, o.reason, o.via, o.cause, o.filter::text,
            o.rate_per_second, o.stop_on_error_percent, o.status_note, o.started_at, o.completed_at,
            coalesce(i.items, 0)::int AS items, coalesce(i.waiting, 0)::int AS waiting,
            coalesce(i.queued, 0)::int AS queued, coalesce(i.done, 0)::int AS done,
            coalesce(i.outcomes, '{}')::text AS outcomes, coalesce(i.predictions, '{}')::text AS predictions
       FROM tds_operations o
       LEFT JOIN LATERAL (
         SELECT sum(n) AS items, sum(n) FILTER (WHERE state = 'waiting') AS waiting,
                sum(n) FILTER (WHERE state = 'queued') AS queued, sum(n) FILTER (WHERE state = 'done') AS done,
                (SELECT jsonb_object_agg(outcome, n) FROM (
                   SELECT outcome, count(*) AS n FROM tds_operation_items
                    WHERE operation_id = o.id AND outcome IS NOT NULL GROUP BY outcome) ended) AS outcomes,
                (SELECT jsonb_object_agg(predicted, n) FROM (
                   SELECT predicted, count(*) AS n FROM tds_operation_items
                    WHERE operation_id = o.id GROUP BY predicted) said) AS predictions
           FROM (SELECT state, count(*) AS n FROM tds_operation_items WHERE operation_id = o.id GROUP BY state) counted
       ) i ON true
      WHERE o.organization_id = $1
        AND ($2::uuid[] IS NULL OR o.id = ANY($2::uuid[]))
        AND ($3::text[] IS NULL OR o.status = ANY($3::text[]))
        AND ($4::timestamptz IS NULL OR (o.started_at, o.id) < ($4::timestamptz, $5::uuid))
      ORDER BY o.started_at DESC, o.id DESC
      LIMIT $6`,
    [
      filter.organizationId,
      filter.ids ?? null,
      filter.states ?? null,
      page.after?.at ?? null,
      page.after?.id ?? null,
      page.limit,
    ],
  )
  return rows
}

/** What a worker needs to know of an operation that it carries out. */
export interface OpenOperation {
  readonly id: string
  readonly status: OperationState
  readonly requested_by: string
  readonly rate_per_second: number
  readonly stop_on_error_percent: number
}

const openColumns = 'id, status, requested_by, rate_per_second, stop_on_error_percent'

/** The operations that have something left to do: running ones, and what stopped ones have given to the worker. */
export async function openOperations(db: Queryable): Promise<OpenOperation[]> {
  const { rows } = await db.query<OpenOperation>(
    `SELECT ${openColumns} FROM tds_operations o
      WHERE status <> 'completed'
        AND (status = 'running' OR EXISTS (SELECT FROM tds_operation_items i WHERE i.operation_id = o.id AND i.state = 'queued'))
      ORDER BY started_at, id`,
    [],
    { name: 'open_operations' },
  )
  return rows
}

/** Takes an operation for a change; null where there is none. */
export async function lockOperation(tx: Queryable, id: string): Promise<OpenOperation | null> {
  const { rows } = await tx.query<OpenOperation>(
    `SELECT ${openColumns} FROM tds_operations WHERE id = $1::uuid FOR UPDATE`,
    [id],
  )
  return rows[0] ?? null
}

/** Changes how an operation stands. */
export async function changeOperation(
  tx: Queryable,
  id: string,
  o: { readonly to: OperationState; readonly note: string | null },
): Promise<void> {
  await tx.query(
    `UPDATE tds_operations
        SET status = $2, status_note = $3, changed_at = tds_now(),
            completed_at = CASE WHEN $2 = 'completed' THEN tds_now() END
      WHERE id = $1::uuid`,
    [id, o.to, o.note],
  )
}
