import type { Queryable } from '../queryable.ts'
import { keyArrays, type RecordKey, type RecordTable } from './record-table.ts'

/** One stored record as Postgres prints it; typed columns stand beside these under their own names. */
export interface StoredRecord {
  readonly organization_id: string
  readonly zoho_id: string
  readonly custom_fields: string | null
  readonly source_created_at: string | null
  readonly source_modified_at: string | null
  readonly completed_version: string | null
  readonly source_read_at: string | null
  readonly deleted_at: string | null
  readonly version: number
  /** The row hash that was written with it. */
  readonly content_hash: string | null
  readonly [column: string]: unknown
}

/**
 * Reads the records of the keys and holds their rows until the transaction ends, in key order.
 * A key without a row is simply not in the answer; inserting it is guarded by the primary key.
 */
export async function lockRecords(
  tx: Queryable,
  table: RecordTable,
  keys: readonly RecordKey[],
): Promise<StoredRecord[]> {
  const { rows } = await tx.query<StoredRecord>(
    `${selectRecords(table)}
      ORDER BY t.organization_id, t.zoho_id
        FOR UPDATE OF t`,
    keyArrays(keys),
    { name: `lock_records:${table.table}` },
  )
  return rows
}

/** Reads the records of the keys as they stand, without holding anybody up. */
export async function readRecords(
  db: Queryable,
  table: RecordTable,
  keys: readonly RecordKey[],
): Promise<StoredRecord[]> {
  const { rows } = await db.query<StoredRecord>(selectRecords(table), keyArrays(keys), {
    name: `read_records:${table.table}`,
  })
  return rows
}

function selectRecords(table: RecordTable): string {
  const columns = table.columns.map((column) => `t.${column.name}`).join(', ')
  return `SELECT t.organization_id, t.zoho_id, ${columns}, t.custom_fields, t.source_created_at, t.source_modified_at,
            t.completed_version, t.source_read_at, t.deleted_at, t.version, t.content_hash
       FROM unnest($1::text[], $2::text[]) AS k(organization_id, zoho_id)
       JOIN ${table.table} t ON t.organization_id = k.organization_id AND t.zoho_id = k.zoho_id`
}
