import type { Queryable } from '../queryable.ts'

/** How a run stands. */
export type RunStatus = 'running' | 'completed' | 'partial' | 'failed' | 'cancelled'

/** A run to begin. */
export interface NewRun {
  readonly organizationId: string
  readonly runType: 'scheduled' | 'manual' | 'reconciliation'
  readonly entityType: string
  readonly mode: string
  readonly dryRun: boolean
  readonly workerId: string
  /** The person; null for a schedule. */
  readonly requestedBy: string | null
  /** Instant or page at which it begins, as text. */
  readonly cursorBefore: string | null
}

/** What a part of a run did. */
export interface RunCounts {
  readonly read: number
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  readonly stale: number
  readonly deleted: number
  readonly failed: number
  readonly apiCalls: number
}

/** Begins a run and returns its id. */
export async function beginRun(tx: Queryable, run: NewRun): Promise<string> {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO tds_sync_runs (organization_id, run_type, entity_type, mode, dry_run, worker_id, requested_by, cursor_before)
     VALUES ($1, $2::tds_source_type, $3::tds_entity_type, $4, $5, $6::uuid, $7, $8)
     RETURNING id`,
    [
      run.organizationId,
      run.runType,
      run.entityType,
      run.mode,
      run.dryRun,
      run.workerId,
      run.requestedBy,
      run.cursorBefore,
    ],
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('a run was begun and has no id')
  return row.id
}

/** Adds what a part of the run did; returns how the run stands, which somebody may have changed to `cancelled`. */
export async function addToRun(tx: Queryable, id: string, counts: RunCounts): Promise<RunStatus> {
  const { rows } = await tx.query<{ status: RunStatus }>(
    `UPDATE tds_sync_runs
        SET read = read + $2, created = created + $3, updated = updated + $4, unchanged = unchanged + $5,
            stale = stale + $6, deleted = deleted + $7, failed = failed + $8, api_calls = api_calls + $9
      WHERE id = $1::uuid
     RETURNING status`,
    [
      id,
      counts.read,
      counts.created,
      counts.updated,
      counts.unchanged,
      counts.stale,
      counts.deleted,
      counts.failed,
      counts.apiCalls,
    ],
  )
  return rows[0]?.status ?? 'cancelled'
}

/** Ends a run that is still running. */
export async function endRun(
  tx: Queryable,
  id: string,
  o: {
    readonly status: Exclude<RunStatus, 'running'>
    readonly cursorAfter: string | null
    /** JSON text: what went wrong or is worth knowing; null where nothing is. */
    readonly summary: string | null
  },
): Promise<void> {
  await tx.query(
    `UPDATE tds_sync_runs
        SET status = $2::tds_run_status, cursor_after = $3, error_summary = $4::jsonb, completed_at = tds_now()
      WHERE id = $1::uuid AND completed_at IS NULL`,
    [id, o.status, o.cursorAfter, o.summary],
  )
}

/** Ends the runs that a dead worker left running. Called by whoever leads the duty: nobody else can be running them. */
export async function failLeftRuns(
  tx: Queryable,
  o: { readonly organizationId: string; readonly entityType: string; readonly mode: string },
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE tds_sync_runs
        SET status = 'failed', completed_at = tds_now(),
            error_summary = jsonb_build_object('code', 'run_left', 'message', 'its worker ended in the middle of it')
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND mode = $3 AND status = 'running'`,
    [o.organizationId, o.entityType, o.mode],
  )
  return rowCount
}
