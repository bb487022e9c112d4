import type { Queryable } from '../queryable.ts'

/** How reading the list of one type goes. */
export interface ListReadState {
  readonly entity_type: string
  /** It was read whole once, and what has changed is read since. */
  readonly loaded: boolean
  /** Runs since the last one that ended well. */
  readonly failures: number
  /** Seconds since the last one that ended well began; null where none did. */
  readonly succeeded_seconds: number | null
  /** Why the last one that did not end well ended so. */
  readonly problem: string | null
}

/** Tells how reading lists goes, for each type of which a run has ended. */
export async function listReadStates(db: Queryable): Promise<ListReadState[]> {
  const { rows } = await db.query<ListReadState>(
    `SELECT c.entity_type, c.last_entity_version IS NOT NULL AS loaded,
            coalesce((c.sync_metadata->'schedule'->>'failures')::int, 0) AS failures,
            extract(epoch FROM tds_now() - (c.sync_metadata->'schedule'->>'succeededAt')::timestamptz)::float8
              AS succeeded_seconds,
            (SELECT r.error_summary->>'message' FROM tds_sync_runs r
              WHERE r.organization_id = c.organization_id AND r.entity_type = c.entity_type
                AND r.run_type = 'scheduled' AND r.status IN ('failed', 'partial')
              ORDER BY r.started_at DESC LIMIT 1) AS problem
       FROM tds_sync_cursors c
      WHERE c.source_type = 'scheduled'
      ORDER BY c.entity_type`,
  )
  return rows
}
