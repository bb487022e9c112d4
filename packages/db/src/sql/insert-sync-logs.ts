import type { Queryable } from '../queryable.ts'

/** What one attempt at one event or read came to. */
export interface SyncLogWrite {
  readonly organization_id: string
  readonly event_id: string | null
  readonly run_id: string | null
  readonly entity_type: string
  readonly source_entity_id: string | null
  readonly operation: string
  readonly outcome: string
  readonly attempt: number
  readonly duration_ms: number
  readonly error_code: string | null
  readonly error_message: string | null
  readonly worker_id: string
  readonly detail: string | null
}

/** Appends to the log of attempts, in the transaction that makes them true. */
export async function insertSyncLogs(tx: Queryable, logs: readonly SyncLogWrite[]): Promise<void> {
  if (logs.length === 0) return
  await tx.query(
    `INSERT INTO tds_sync_logs (organization_id, event_id, run_id, entity_type, source_entity_id, operation, outcome,
            attempt, duration_ms, error_code, error_message, worker_id, detail)
     SELECT x.organization_id, x.event_id, x.run_id, x.entity_type::tds_entity_type, x.source_entity_id,
            x.operation::tds_operation_type, x.outcome, x.attempt, x.duration_ms, x.error_code, x.error_message,
            x.worker_id, CASE WHEN x.detail IS NULL THEN NULL ELSE jsonb_build_object('why', x.detail) END
       FROM json_to_recordset($1::json) AS x(organization_id text, event_id uuid, run_id uuid, entity_type text,
            source_entity_id text, operation text, outcome text, attempt integer, duration_ms numeric, error_code text,
            error_message text, worker_id uuid, detail text)`,
    [JSON.stringify(logs)],
    { name: 'insert_sync_logs' },
  )
}
