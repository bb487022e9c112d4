import type { Queryable } from '../queryable.ts'
import type { ListPosition } from './list-position.ts'

/** How a run stands for a person: one that no worker has taken yet waits. */
export const runStates = ['waiting', 'running', 'completed', 'partial', 'failed', 'cancelled'] as const

/** One of {@link runStates}. */
export type RunState = (typeof runStates)[number]

/** A run as a person looks at it; times as Postgres prints them. */
export interface StoredRun {
  readonly id: string
  readonly organization_id: string
  readonly run_type: 'scheduled' | 'manual' | 'reconciliation'
  readonly entity_type: string
  readonly mode: string
  readonly dry_run: boolean
  readonly state: RunState
  readonly requested_by: string | null
  readonly reason: string | null
  /** JSON text: what was asked for beyond the mode. */
  readonly request: string
  readonly read: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly stale: number
  readonly deleted: number
  readonly failed: number
  readonly api_calls: number
  /** Rows that the list has at most; null where nobody looked. */
  readonly expected_rows: number | null
  readonly cursor_before: string | null
  readonly cursor_after: string | null
  /** While it waits, when it was asked for; then when its first worker took it. */
  readonly started_at: string
  readonly completed_at: string | null
  /** JSON text: what went wrong or is worth knowing. */
  readonly error_summary: string | null
}

/** Which runs are asked for; what is left out does not restrict. */
export interface RunFilter {
  readonly ids?: readonly string[] | undefined
  readonly organizationId?: string | undefined
  readonly entityType?: string | undefined
  readonly runTypes?: readonly StoredRun['run_type'][] | undefined
  readonly states?: readonly RunState[] | undefined
}

/** Lists runs, the newest first, one page at a time. */
export async function listRuns(
  db: Queryable,
  filter: RunFilter,
  page: { readonly limit: number; readonly after: ListPosition | null },
): Promise<StoredRun[]> {
  const { rows } = await db.query<StoredRun>(
    `SELECT * FROM (
       SELECT id, organization_id, run_type, entity_type, mode, dry_run,
              CASE WHEN status = 'running' AND worker_id IS NULL THEN 'waiting' ELSE status::text END AS state,
              requested_by, reason, request::text, read::float8, created::float8, updated::float8, unchanged::float8,
              stale::float8, deleted::float8, failed::float8, api_calls::float8, expected_rows::float8, cursor_before,
              cursor_after, started_at, completed_at, error_summary::text
         FROM tds_sync_runs
        WHERE entity_type IS NOT NULL
          AND ($1::uuid[] IS NULL OR id = ANY($1::uuid[]))
          AND ($2::text IS NULL OR organization_id = $2::text)
          AND ($3::tds_entity_type IS NULL OR entity_type = $3::tds_entity_type)
          AND ($4::tds_source_type[] IS NULL OR run_type = ANY($4::tds_source_type[]))
          AND ($6::timestamptz IS NULL OR (started_at, id) < ($6::timestamptz, $7::uuid))) run
      WHERE $5::text[] IS NULL OR state = ANY($5::text[])
      ORDER BY started_at DESC, id DESC
      LIMIT $8`,
    [
      filter.ids ?? null,
      filter.organizationId ?? null,
      filter.entityType ?? null,
      filter.runTypes ?? null,
      filter.states ?? null,
      page.after?.at ?? null,
      page.after?.id ?? null,
      page.limit,
    ],
  )
  return rows
}
