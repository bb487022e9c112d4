import type { Queryable } from '../queryable.ts'
import type { RecordKey, RecordTable } from './record-table.ts'

/** The next keys of a table in the order of its primary key, of living records and tombstones alike unless told otherwise. */
export async function readKeysAfter(
  db: Queryable,
  table: RecordTable,
  o: { readonly after: RecordKey | null; readonly limit: number; readonly living?: true },
): Promise<RecordKey[]> {
  const { rows } = await db.query<RecordKey>(
    `SELECT t.organization_id AS "organizationId", t.zoho_id AS "zohoId" FROM ${table.table} t
      WHERE (t.organization_id, t.zoho_id) > ($1, $2) ${o.living === true ? 'AND t.deleted_at IS NULL' : ''}
      ORDER BY t.organization_id, t.zoho_id
      LIMIT $3`,
    [o.after?.organizationId ?? '', o.after?.zohoId ?? '', o.limit],
  )
  return rows
}
