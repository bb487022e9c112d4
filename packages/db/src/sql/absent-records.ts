import type { Queryable } from '../queryable.ts'
import { keyArrays, type RecordKey, type RecordTable } from './record-table.ts'

/** Of these keys the ones of which the mirror has no row, not even a tombstone. */
export async function absentRecords(
  db: Queryable,
  { table }: Pick<RecordTable, 'table'>,
  keys: readonly RecordKey[],
): Promise<RecordKey[]> {
  if (keys.length === 0) return []
  const { rows } = await db.query<RecordKey>(
    `SELECT k.organization_id AS "organizationId", k.zoho_id AS "zohoId"
       FROM unnest($1::text[], $2::text[]) AS k(organization_id, zoho_id)
      WHERE NOT EXISTS (SELECT FROM ${table} t WHERE t.organization_id = k.organization_id AND t.zoho_id = k.zoho_id)`,
    keyArrays(keys),
    { name: `absent_${table}` },
  )
  return rows
}
