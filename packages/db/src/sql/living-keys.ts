import type { Queryable } from '../queryable.ts'
import type { RecordTable } from './record-table.ts'

/** A living record, as far as telling whether it was listed needs it. */
export interface LivingKey {
  readonly zoho_id: string
  /** Count of applied changes. */
  readonly version: number
  readonly source_modified_at: string | null
}

/** The next living records of an organisation that the source was not asked about since a time, by id. */
export async function livingKeysAfter(
  db: Queryable,
  { table }: Pick<RecordTable, 'table'>,
  o: {
    readonly organizationId: string
    readonly after: string
    readonly unreadSince: string
    readonly limit: number
  },
): Promise<LivingKey[]> {
  const { rows } = await db.query<LivingKey>(
    `SELECT t.zoho_id, t.version, t.source_modified_at FROM ${table} t
      WHERE t.organization_id = $1 AND t.zoho_id > $2 AND t.deleted_at IS NULL
        AND (t.source_read_at IS NULL OR t.source_read_at < $3::timestamptz OR t.source_read_at > tds_now())
      ORDER BY t.zoho_id LIMIT $4`,
    [o.organizationId, o.after, o.unreadSince, o.limit],
  )
  return rows
}
