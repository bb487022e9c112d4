import type { Queryable } from '../queryable.ts'
import { keyArrays, type RecordKey, type RecordTable } from './record-table.ts'

/** What a mirror row keeps of the record's body. */
export interface RawRecord {
  readonly organization_id: string
  readonly zoho_id: string
  /** The body as JSON text. */
  readonly raw: string
}

/**
 * Reads the bodies that living records keep and holds the rows until the transaction ends, in key order: what is read is what
 * stands beside the columns until both are written.
 */
export async function lockRawRecords(
  tx: Queryable,
  table: RecordTable,
  keys: readonly RecordKey[],
): Promise<RawRecord[]> {
  const { rows } = await tx.query<RawRecord>(
    `SELECT t.organization_id, t.zoho_id, coalesce(t.raw, '{}') AS raw
       FROM unnest($1::text[], $2::text[]) AS k(organization_id, zoho_id)
       JOIN ${table.table} t ON t.organization_id = k.organization_id AND t.zoho_id = k.zoho_id
      WHERE t.deleted_at IS NULL
      ORDER BY t.organization_id, t.zoho_id
        FOR UPDATE OF t`,
    keyArrays(keys),
  )
  return rows
}
