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
  /** The daemon that carries it out; null where it waits for one. */
  readonly workerId: string | null
  /** The person; null for a schedule. */
  readonly requestedBy: string | null
  readonly reason?: string | null
  /** JSON text: what is asked for beyond the mode. */
  readonly request?: string
  /** Instant or page at which it begins, as text. */
  readonly cursorBefore: string | null
}

/** A run that waits or is under way. */
export interface OpenRun {
  readonly id: string
  readonly run_type: 'scheduled' | 'manual' | 'reconciliation'
  readonly mode: string
  readonly dry_run: boolean
  readonly worker_id: string | null
  readonly requested_by: string | null
  readonly reason: string | null
  /** JSON text. */
  readonly request: string
  /** JSON text of the place where a resumable walk stands, or null. */
  readonly place: string | null
  readonly started_at: string
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

/** Begins a run that the caller carries out, and returns its id. */
export async function beginRun(tx: Queryable, run: NewRun): Promise<string> {
  const id = await insertRun(tx, run)
  if (id === null) throw new RangeError('a run was begun and has no id')
  return id
}

/** Asks for a run that a worker is to carry out; null where another one of the type waits already. */
export function requestRun(
  tx: Queryable,
  run: Omit<NewRun, 'workerId' | 'cursorBefore'>,
): Promise<string | null> {
  return insertRun(tx, { ...run, workerId: null, cursorBefore: null })
}

async function insertRun(tx: Queryable, run: NewRun): Promise<string | null> {
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO tds_sync_runs (organization_id, run_type, entity_type, mode, dry_run, worker_id, requested_by, cursor_before,
            request, reason)
     VALUES ($1, $2::tds_source_type, $3::tds_entity_type, $4, $5, $6::uuid, $7, $8, $9::jsonb, $10)
         ON CONFLICT (organization_id, entity_type) WHERE status = 'running' AND worker_id IS NULL DO NOTHING
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
      run.request ?? '{}',
      run.reason ?? null,
    ],
  )
  return rows[0]?.id ?? null
}

/** The runs of a type that wait or are under way, the oldest first. */
export async function openRuns(
  db: Queryable,
  o: { readonly organizationId: string; readonly entityType: string },
): Promise<OpenRun[]> {
  const { rows } = await db.query<OpenRun>(
    `SELECT id, run_type, mode, dry_run, worker_id, requested_by, reason, request::text, place::text, started_at
       FROM tds_sync_runs
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND status = 'running'
      ORDER BY started_at, id`,
    [o.organizationId, o.entityType],
    { name: 'open_runs' },
  )
  return rows
}

/** Makes a worker the one that carries a run out; its time counts from its first worker on. False where it is over. */
export async function takeRun(
  tx: Queryable,
  o: { readonly id: string; readonly workerId: string; readonly cursorBefore: string | null },
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE tds_sync_runs
        SET started_at = CASE WHEN worker_id IS NULL THEN tds_now() ELSE started_at END,
            cursor_before = coalesce(cursor_before, $3), worker_id = $2::uuid
      WHERE id = $1::uuid AND status = 'running'`,
    [o.id, o.workerId, o.cursorBefore],
  )
  return rowCount > 0
}

/** Adds what a part of the run did; returns how the run stands, which somebody may have changed to `cancelled`. */
export async function addToRun(
  tx: Queryable,
  id: string,
  counts: RunCounts & {
    /** JSON text of where a resumable walk stands from now on; left alone without it. */
    readonly place?: string | null
  },
): Promise<RunStatus> {
  const { rows } = await tx.query<{ status: RunStatus }>(
    `UPDATE tds_sync_runs
        SET read = read + $2, created = created + $3, updated = updated + $4, unchanged = unchanged + $5,
            stale = stale + $6, deleted = deleted + $7, failed = failed + $8, api_calls = api_calls + $9,
            place = coalesce($10::jsonb, place)
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
      counts.place ?? null,
    ],
  )
  return rows[0]?.status ?? 'cancelled'
}

/** Notes how many rows a walk will meet at most. */
export async function expectRows(tx: Queryable, id: string, rows: number): Promise<void> {
  await tx.query('UPDATE tds_sync_runs SET expected_rows = $2 WHERE id = $1::uuid', [id, rows])
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

/** Ends a run as failed that its worker did not end, or could not even begin, with the reason. */
export async function failRun(
  tx: Queryable,
  id: string,
  reason: { readonly code: string; readonly message: string },
): Promise<void> {
  await endRun(tx, id, { status: 'failed', cursorAfter: null, summary: JSON.stringify(reason) })
}

/** Cancels a run that waits or is under way; its worker sees it with the next page. Returns what it was, or null. */
export async function cancelRun(
  tx: Queryable,
  id: string,
): Promise<{ readonly organization_id: string; readonly entity_type: string; readonly mode: string } | null> {
  const { rows } = await tx.query<{ organization_id: string; entity_type: string; mode: string }>(
    `UPDATE tds_sync_runs SET status = 'cancelled', completed_at = tds_now()
      WHERE id = $1::uuid AND status = 'running'
     RETURNING organization_id, entity_type, mode`,
    [id],
  )
  return rows[0] ?? null
}

/** When the last run of a mode began, and how it stands; null where there was none. Rehearsals do not count. */
export async function lastRunOfMode(
  db: Queryable,
  o: {
    readonly organizationId: string
    readonly entityType: string
    readonly runType: OpenRun['run_type']
    readonly mode: string
  },
): Promise<{ readonly status: RunStatus; readonly started_at: string } | null> {
  const { rows } = await db.query<{ status: RunStatus; started_at: string }>(
    `SELECT status, started_at FROM tds_sync_runs
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND mode = $3
        AND run_type = $4::tds_source_type AND NOT dry_run
      ORDER BY started_at DESC LIMIT 1`,
    [o.organizationId, o.entityType, o.mode, o.runType],
  )
  return rows[0] ?? null
}
