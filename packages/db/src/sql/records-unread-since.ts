import type { Queryable } from '../queryable.ts'
import type { RecordTable } from './record-table.ts'

/** A record, and the time after which the source must have been looked at. */
export interface UnreadSince {
  readonly zohoId: string
  readonly since: string
}

/** Of these records the ones of which the mirror has no row, or at whose source nobody has looked since the time given. */
export async function recordsUnreadSince(
  db: Queryable,
  { table }: Pick<RecordTable, 'table'>,
  o: { readonly organizationId: string; readonly records: readonly UnreadSince[] },
): Promise<string[]> {
  if (o.records.length === 0) return []
  const { rows } = await db.query<{ zoho_id: string }>(
    `SELECT DISTINCT x."zohoId" AS zoho_id
       FROM json_to_recordset($2::json) AS x("zohoId" text, since timestamptz)
       LEFT JOIN ${table} t ON t.organization_id = $1 AND t.zoho_id = x."zohoId"
      WHERE t.source_read_at IS NULL OR t.source_read_at < x.since
      ORDER BY 1`,
    [o.organizationId, JSON.stringify(o.records)],
    { name: `unread_${table}` },
  )
  return rows.map((row) => row.zoho_id)
}
