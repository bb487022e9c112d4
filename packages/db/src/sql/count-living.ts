import type { Queryable } from '../queryable.ts'
import type { RecordTable } from './record-table.ts'

/**
 * Counts the living rows of a type, no further than `upTo`: by the primary key, whose first column is the organisation, so
 * that no index has to be kept for it. Asking whether there are fifty reads fifty rows.
 */
export async function countLiving(
  db: Queryable,
  table: Pick<RecordTable, 'table'>,
  o: { readonly organizationId: string; readonly upTo: number | null },
): Promise<number> {
  const { rows } = await db.query<{ living: number }>(
    `SELECT count(*)::int AS living
       FROM (SELECT FROM ${table.table} WHERE organization_id = $1 AND deleted_at IS NULL LIMIT $2::bigint) AS found`,
    [o.organizationId, o.upTo],
  )
  return rows[0]?.living ?? 0
}
