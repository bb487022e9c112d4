import type { Queryable } from '../queryable.ts'

/** Whose cursor: one for each organisation, way of reading and type. */
export interface CursorKey {
  readonly organizationId: string
  readonly sourceType: 'scheduled' | 'zoho' | 'reconciliation'
  readonly entityType: string
}

/** Where reading goes on. */
export interface SyncCursor {
  /** When the last run that moved it ended. */
  readonly last_sync_at: string
  /** The watermark: everything changed before it has been seen. Null where it is not a time that counts. */
  readonly last_entity_version: string | null
  /** A place within a walk, or null. */
  readonly cursor_value: string | null
  readonly last_sync_status: string
  /** JSON text: what was found out about the list. */
  readonly sync_metadata: string
}

/** Reads a cursor; null where nothing was ever read this way. */
export async function readCursor(db: Queryable, key: CursorKey): Promise<SyncCursor | null> {
  const { rows } = await db.query<SyncCursor>(
    `SELECT last_sync_at, last_entity_version, cursor_value, last_sync_status, sync_metadata::text
       FROM tds_sync_cursors
      WHERE organization_id = $1 AND source_type = $2::tds_source_type AND entity_type = $3::tds_entity_type`,
    [key.organizationId, key.sourceType, key.entityType],
  )
  return rows[0] ?? null
}

/** Moves a cursor, together with the rows that it stands for. A watermark never goes back; null leaves it where it is. */
export async function moveCursor(
  tx: Queryable,
  key: CursorKey,
  o: {
    readonly watermark: string | null
    readonly place: string | null
    readonly status: string
    readonly count: number
    /** JSON text, laid over what is known already. */
    readonly metadata: string
  },
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_sync_cursors AS c (organization_id, source_type, entity_type, last_sync_at, last_entity_version,
            cursor_value, last_sync_status, last_sync_count, total_synced, sync_metadata)
     VALUES ($1, $2::tds_source_type, $3::tds_entity_type, tds_now(), $4::timestamptz, $5, $6::tds_run_status, $7, $7,
            $8::jsonb)
         ON CONFLICT (organization_id, source_type, entity_type) DO UPDATE
        SET last_sync_at = excluded.last_sync_at, cursor_value = excluded.cursor_value,
            last_entity_version = greatest(c.last_entity_version, excluded.last_entity_version),
            last_sync_status = excluded.last_sync_status, last_sync_count = excluded.last_sync_count,
            total_synced = c.total_synced + excluded.last_sync_count,
            sync_metadata = c.sync_metadata || excluded.sync_metadata`,
    [key.organizationId, key.sourceType, key.entityType, o.watermark, o.place, o.status, o.count, o.metadata],
  )
}
