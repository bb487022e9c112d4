import { jsonObject, splitJson, type AuditEntryWrite } from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import type { ColumnValues } from '../entities/map-record.ts'
import type { AppliedOutcome, ChangeCause } from './change.ts'
import { changedFields } from './content.ts'
import type { RecordState } from './record-state.ts'
import { recordTableOf } from './record-table.ts'

/** What an audit entry says besides the two states: whose change it was and why it came. */
export interface AuditContext {
  readonly organizationId: string
  readonly entity: EntityDefinition
  readonly zohoId: string
  readonly operation: AppliedOutcome
  readonly cause: ChangeCause
  readonly eventId: string | null
  readonly runId: string | null
  readonly actor: string
  readonly reason: string | null
  readonly requestId: string | null
}

/** Makes the audit entry of one applied change: before, after, and the names of what differs. */
export function auditEntry(
  before: RecordState | null,
  after: RecordState,
  context: AuditContext,
): AuditEntryWrite {
  return {
    organization_id: context.organizationId,
    entity_type: context.entity.type,
    entity_id: context.zohoId,
    operation: context.operation,
    before: before === null ? null : snapshot(context.entity, before),
    after: snapshot(context.entity, after),
    changed_fields: fieldsBetween(before, after),
    cause: context.cause,
    event_id: context.eventId,
    run_id: context.runId,
    actor: context.actor,
    reason: context.reason,
    request_id: context.requestId,
  }
}

/** Column name → value as text, or as JSON where the column holds JSON; child rows under `lines`: what a person needs to see how the record stood. */
function snapshot(entity: EntityDefinition, state: RecordState): string {
  const lines = Object.values(state.children).flat().sort(byPosition)
  const [plain, json] = splitJson(recordTableOf(entity).columns, state.columns)
  return jsonObject(
    { ...plain, deleted: state.deletedAt === null ? 'false' : 'true' },
    { ...json, custom_fields: state.customFields, lines: JSON.stringify(lines) },
  )
}

function byPosition(left: ColumnValues, right: ColumnValues): number {
  return Number(left['position'] ?? 0) - Number(right['position'] ?? 0)
}

function fieldsBetween(before: RecordState | null, after: RecordState): string[] {
  const fields = new Set<string>()
  const base = before ?? { columns: {}, customFields: '{}', children: {} }
  for (const name of changedFields(base, after)) fields.add(name in after.children ? 'lines' : name)
  const wasDeleted = before !== null && before.deletedAt !== null
  if (wasDeleted !== (after.deletedAt !== null)) fields.add('deleted_at')
  return [...fields]
}
