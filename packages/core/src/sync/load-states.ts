import { lockRecords, readChildRows, type RecordKey, type Transaction } from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { readInstant, type Instant } from './instant.ts'
import type { RecordState } from './record-state.ts'
import { recordTableOf } from './record-table.ts'
import { storedObject, storedValues } from './stored-values.ts'

/** Reads what the mirror holds of records, by `stateKey`, and holds their rows until the transaction ends. */
export async function loadStates(
  tx: Transaction,
  entity: EntityDefinition,
  keys: readonly RecordKey[],
): Promise<Map<string, RecordState>> {
  const table = recordTableOf(entity)
  const rows = await lockRecords(tx, table, keys)
  const children = new Map<string, Record<string, Readonly<Record<string, string | null>>[]>>()
  if (rows.length > 0) {
    for (const child of entity.children) {
      const childTable = table.children.find((candidate) => candidate.table === child.table)
      if (childTable === undefined) continue
      for (const row of await readChildRows(tx, childTable, keys)) {
        const key = stateKey({ organizationId: row.organization_id, zohoId: row.parent_zoho_id })
        const held = children.get(key) ?? {}
        children.set(key, held)
        ;(held[child.table] ??= []).push(storedValues(child.columns, row))
      }
    }
  }
  const states = new Map<string, RecordState>()
  for (const row of rows) {
    const key = stateKey({ organizationId: row.organization_id, zohoId: row.zoho_id })
    states.set(key, {
      columns: storedValues(entity.columns, row),
      customFields: storedObject(row.custom_fields),
      children: children.get(key) ?? {},
      version: instantOrNull(row.source_modified_at),
      completedVersion: instantOrNull(row.completed_version),
      createdAt: instantOrNull(row.source_created_at),
      readAt: instantOrNull(row.source_read_at),
      deletedAt: instantOrNull(row.deleted_at),
      revision: row.version,
    })
  }
  return states
}

/** The key of a record as the key of a map. */
export function stateKey(key: RecordKey): string {
  return JSON.stringify([key.organizationId, key.zohoId])
}

function instantOrNull(text: string | null): Instant | null {
  return text === null ? null : readInstant(text)
}
