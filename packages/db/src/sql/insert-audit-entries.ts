import type { Queryable } from '../queryable.ts'
import { jsonRows } from './json-rows.ts'

/** One audit entry; the snapshots are JSON text of column name → value. */
export interface AuditEntryWrite {
  readonly organization_id: string
  readonly entity_type: string
  readonly entity_id: string
  readonly operation: string
  readonly before: string | null
  readonly after: string | null
  readonly changed_fields: readonly string[]
  readonly cause: string
  readonly event_id: string | null
  readonly run_id: string | null
  readonly actor: string
  readonly reason: string | null
  readonly request_id: string | null
}

/** Appends audit entries in the order given, within the transaction that makes the changes they tell of. */
export async function insertAuditEntries(tx: Queryable, entries: readonly AuditEntryWrite[]): Promise<void> {
  await tx.query(
    `INSERT INTO tds_audit_trail (organization_id, entity_type, entity_id, operation, before, after, changed_fields,
            cause, event_id, run_id, actor, reason, request_id)
     SELECT x.organization_id, x.entity_type::tds_entity_type, x.entity_id, x.operation::tds_change_operation,
            x.before, x.after,
            ARRAY(SELECT json_array_elements_text(x.changed_fields)),
            x.cause::tds_change_cause, x.event_id, x.run_id, x.actor, x.reason, x.request_id
       FROM json_to_recordset($1::json) AS x(organization_id text, entity_type text, entity_id text, operation text,
            before jsonb, after jsonb, changed_fields json, cause text, event_id uuid, run_id uuid, actor text,
            reason text, request_id text)`,
    [jsonRows(entries, ({ before, after, ...entry }) => [entry, { before, after }])],
    { name: 'insert_audit_entries' },
  )
}
