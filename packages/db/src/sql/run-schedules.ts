import type { Queryable } from '../queryable.ts'
import type { CursorKey } from './sync-cursors.ts'

/** How the runs of a schedule went; times as Postgres writes them. */
export interface StoredSchedule {
  readonly succeeded_at: string | null
  readonly failures: number
  readonly ended_at: string | null
}

/** Reads how the runs of a schedule went; null where there was none. It lies with the cursor of the same key. */
export async function readSchedule(db: Queryable, key: CursorKey): Promise<StoredSchedule | null> {
  const { rows } = await db.query<StoredSchedule>(
    `SELECT (sync_metadata->'schedule'->>'succeededAt')::timestamptz AS succeeded_at,
            coalesce((sync_metadata->'schedule'->>'failures')::int, 0) AS failures,
            (sync_metadata->'schedule'->>'endedAt')::timestamptz AS ended_at
       FROM tds_sync_cursors
      WHERE organization_id = $1 AND source_type = $2::tds_source_type AND entity_type = $3::tds_entity_type`,
    [key.organizationId, key.sourceType, key.entityType],
    { name: 'read_schedule' },
  )
  return rows[0] ?? null
}

/** Notes how a run of a schedule ended, by what its row says. */
export async function noteScheduled(tx: Queryable, key: CursorKey, runId: string): Promise<void> {
  await tx.query(
    `INSERT INTO tds_sync_cursors AS c (organization_id, source_type, entity_type, last_sync_at, last_sync_status, sync_metadata)
     SELECT $1, $2::tds_source_type, $3::tds_entity_type, tds_now(), status, jsonb_build_object('schedule', jsonb_build_object(
              'endedAt', tds_now(), 'failures', CASE WHEN status = 'completed' THEN 0 ELSE 1 END,
              'succeededAt', CASE WHEN status = 'completed' THEN started_at END))
       FROM tds_sync_runs WHERE id = $4::uuid
         ON CONFLICT (organization_id, source_type, entity_type) DO UPDATE
        SET last_sync_at = excluded.last_sync_at, last_sync_status = excluded.last_sync_status,
            sync_metadata = c.sync_metadata || jsonb_build_object('schedule', jsonb_build_object(
              'endedAt', tds_now(),
              'failures', CASE WHEN excluded.last_sync_status = 'completed' THEN 0
                               ELSE coalesce((c.sync_metadata->'schedule'->>'failures')::int, 0) + 1 END,
              'succeededAt', CASE WHEN excluded.last_sync_status = 'completed'
                                  THEN excluded.sync_metadata->'schedule'->'succeededAt'
                                  ELSE c.sync_metadata->'schedule'->'succeededAt' END))`,
    [key.organizationId, key.sourceType, key.entityType, runId],
  )
}
