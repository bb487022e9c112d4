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

/** Waiting for one's turn at Zoho is no attempt, whatever it is written down as. */
const turns = ['zoho_rate_limited', 'zoho_quota_exhausted', 'zoho_budget_wait', 'zoho_circuit_open']
  .concat('zoho_token_throttled')
  .map((code) => `'${code}'`)
  .join(', ')

/**
 * Appends to the log of attempts, in the transaction that makes them true, and counts how many failed. What was unchanged or
 * stale went well; what waits for a read, a lock or a turn at Zoho was not attempted: only a retry that has an error and no
 * reason to wait failed. The counters are the session's own, so that no transaction waits for another.
 */
export async function insertSyncLogs(tx: Queryable, logs: readonly SyncLogWrite[]): Promise<void> {
  if (logs.length === 0) return
  await tx.query(
    `WITH written AS (
       INSERT INTO tds_sync_logs (organization_id, event_id, run_id, entity_type, source_entity_id, operation, outcome,
              attempt, duration_ms, error_code, error_message, worker_id, detail)
       SELECT x.organization_id, x.event_id, x.run_id, x.entity_type::tds_entity_type, x.source_entity_id,
              x.operation::tds_operation_type, x.outcome, x.attempt, x.duration_ms, x.error_code, x.error_message,
              x.worker_id, CASE WHEN x.detail IS NULL THEN NULL ELSE jsonb_build_object('why', x.detail) END
         FROM json_to_recordset($1::json) AS x(organization_id text, event_id uuid, run_id uuid, entity_type text,
              source_entity_id text, operation text, outcome text, attempt integer, duration_ms numeric, error_code text,
              error_message text, worker_id uuid, detail text)
       RETURNING logged_at, outcome, error_code, detail
     )
     INSERT INTO tds_attempt_counts AS c (span, backend, attempts, failed)
     SELECT date_bin('10 seconds', logged_at, 'epoch'), pg_backend_pid(), count(*),
            count(*) FILTER (WHERE outcome IN ('retry', 'dead_letter'))
       FROM written
      WHERE outcome IN ('applied', 'unchanged', 'stale', 'dead_letter')
         OR (outcome = 'retry' AND error_code NOT IN (${turns}) AND detail IS NULL)
      GROUP BY 1
      ORDER BY 1
         ON CONFLICT (span, backend) DO UPDATE
        SET attempts = c.attempts + excluded.attempts, failed = c.failed + excluded.failed`,
    [JSON.stringify(logs)],
    { name: 'insert_sync_logs' },
  )
}
