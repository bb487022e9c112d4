import type { Queryable } from '../queryable.ts'
import { keyArrays, type ChildTable, type RecordKey } from './record-table.ts'

/** One child row as Postgres prints it; typed columns stand beside these under their own names. */
export interface StoredChildRow {
  readonly organization_id: string
  readonly parent_zoho_id: string
  readonly [column: string]: unknown
}

/** Reads the child rows of the records; the caller holds the parents, and children change only with their parent. */
export async function readChildRows(
  tx: Queryable,
  child: ChildTable,
  parents: readonly RecordKey[],
): Promise<StoredChildRow[]> {
  const columns = child.columns.map((column) => `c.${column.name}`).join(', ')
  const { rows } = await tx.query<StoredChildRow>(
    `SELECT c.organization_id, c.${child.parentColumn} AS parent_zoho_id, ${columns}
       FROM unnest($1::text[], $2::text[]) AS k(organization_id, zoho_id)
       JOIN ${child.table} c ON c.organization_id = k.organization_id AND c.${child.parentColumn} = k.zoho_id`,
    keyArrays(parents),
    { name: `read_child_rows:${child.table}` },
  )
  return rows
}
