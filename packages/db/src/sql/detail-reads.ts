import type { Queryable } from '../queryable.ts'
import type { OwedReadKey } from './owed-reads.ts'
import type { RecordTable } from './record-table.ts'

/** Notes that the detail of a record was read. */
export async function noteDetailRead(tx: Queryable, key: OwedReadKey, sentAt: string): Promise<void> {
  await tx.query(
    `INSERT INTO tds_detail_reads AS d (organization_id, entity_type, zoho_id, read_at)
     VALUES ($1, $2::tds_entity_type, $3, $4::timestamptz)
         ON CONFLICT (organization_id, entity_type, zoho_id) DO UPDATE SET read_at = greatest(d.read_at, excluded.read_at)`,
    [key.organizationId, key.entityType, key.zohoId, sentAt],
    { name: 'note_detail_read' },
  )
}

/** Which type of which organisation. */
export interface DetailOwner {
  readonly organizationId: string
  readonly entityType: string
}

function living(table: string): string {
  return `
       FROM ${table} t
       LEFT JOIN tds_detail_reads d
         ON d.organization_id = t.organization_id AND d.entity_type = $2::tds_entity_type AND d.zoho_id = t.zoho_id
      WHERE t.organization_id = $1 AND t.deleted_at IS NULL`
}

/** When the detail read longest ago of a living record was, and how many were never read so. */
export async function oldestDetailRead(
  db: Queryable,
  { table }: Pick<RecordTable, 'table'>,
  { organizationId, entityType }: DetailOwner,
): Promise<{ oldest: string | null; never: number }> {
  const { rows } = await db.query<{ oldest: string | null; never: number }>(
    `SELECT min(d.read_at) AS oldest, count(*) FILTER (WHERE d.read_at IS NULL)::int AS never ${living(table)}`,
    [organizationId, entityType],
  )
  return rows[0] ?? { oldest: null, never: 0 }
}

/** Living records whose details were read longest ago, none of them within so many seconds, never read ones first. */
export async function longestUnread(
  db: Queryable,
  { table }: Pick<RecordTable, 'table'>,
  o: DetailOwner & { readonly limit: number; readonly notWithinSeconds: number },
): Promise<string[]> {
  const { rows } = await db.query<{ zoho_id: string }>(
    `SELECT t.zoho_id ${living(table)}
        AND (d.read_at IS NULL OR d.read_at <= tds_now() - make_interval(secs => $3))
      ORDER BY d.read_at NULLS FIRST, t.zoho_id LIMIT $4`,
    [o.organizationId, o.entityType, o.notWithinSeconds, o.limit],
  )
  return rows.map((row) => row.zoho_id)
}
