import {
  lockRecords,
  readChildRows,
  readRecords,
  type StoredRecord,
  type Queryable,
  type RecordKey,
  type Transaction,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import type { ColumnValues } from '../entities/map-record.ts'
import { readInstant, type Instant } from './instant.ts'
import type { RecordState } from './record-state.ts'
import { recordTableOf } from './record-table.ts'
import { rowHash } from './row-hash.ts'
import { storedObject, storedValues } from './stored-values.ts'

/** A record as it stands, with the row hash that was written beside it. */
export interface StandingState extends RecordState {
  readonly contentHash: string | null
}

/** True when columns, custom fields and child rows still give the hash that was written with them: nobody else wrote to them. */
export function fitsItself(state: StandingState): boolean {
  return state.contentHash === rowHash(state)
}

/** The key as text, for maps. */
export function keyText(key: RecordKey): string {
  return JSON.stringify([key.organizationId, key.zohoId])
}

/** Loads the records of the keys, lines included, and holds them until the transaction ends. By {@link keyText}. */
export async function lockStates(
  tx: Transaction,
  entity: EntityDefinition,
  keys: readonly RecordKey[],
): Promise<Map<string, StandingState>> {
  const rows = await lockRecords(tx, recordTableOf(entity), keys)
  const children = rows.length === 0 ? new Map<string, Children>() : await loadChildren(tx, entity, keys)
  return new Map(rows.map((row) => [rowKey(row), stateOf(entity, row, children)]))
}

/**
 * Loads the records of the keys, lines included, and holds nobody up; row and lines are of one moment only in a transaction
 * that sees one (`seeOneMoment`). By {@link keyText}.
 */
export async function readStates(
  db: Queryable,
  entity: EntityDefinition,
  keys: readonly RecordKey[],
): Promise<Map<string, StandingState>> {
  const rows = await readRecords(db, recordTableOf(entity), keys)
  const children = rows.length === 0 ? new Map<string, Children>() : await loadChildren(db, entity, keys)
  return new Map(rows.map((row) => [rowKey(row), stateOf(entity, row, children)]))
}

type Children = Record<string, ColumnValues[]>

async function loadChildren(
  db: Queryable,
  entity: EntityDefinition,
  keys: readonly RecordKey[],
): Promise<Map<string, Children>> {
  const table = recordTableOf(entity)
  const children = new Map<string, Children>()
  for (const child of entity.children) {
    const childTable = table.children.find((candidate) => candidate.table === child.table)
    if (childTable === undefined) continue
    for (const row of await readChildRows(db, childTable, keys)) {
      const key = keyText({ organizationId: row.organization_id, zohoId: row.parent_zoho_id })
      const held = children.get(key) ?? {}
      children.set(key, held)
      ;(held[child.table] ??= []).push(storedValues(child.columns, row))
    }
  }
  return children
}

function stateOf(
  entity: EntityDefinition,
  row: StoredRecord,
  children: ReadonlyMap<string, Children>,
): StandingState {
  return {
    columns: storedValues(entity.columns, row),
    customFields: storedObject(row.custom_fields),
    children: children.get(rowKey(row)) ?? {},
    version: instantOrNull(row.source_modified_at),
    completedVersion: instantOrNull(row.completed_version),
    createdAt: instantOrNull(row.source_created_at),
    readAt: instantOrNull(row.source_read_at),
    deletedAt: instantOrNull(row.deleted_at),
    revision: row.version,
    contentHash: row.content_hash,
  }
}

function rowKey(row: Pick<StoredRecord, 'organization_id' | 'zoho_id'>): string {
  return keyText({ organizationId: row.organization_id, zohoId: row.zoho_id })
}

function instantOrNull(text: string | null): Instant | null {
  return text === null ? null : readInstant(text)
}
