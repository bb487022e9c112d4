import type { Queryable } from '../queryable.ts'

/** Writes down how many calls a run owes beyond those that it makes itself. */
export async function planCalls(tx: Queryable, runId: string, calls: number): Promise<void> {
  await tx.query(
    `UPDATE tds_sync_runs
        SET configuration_snapshot = coalesce(configuration_snapshot, '{}') || jsonb_build_object('plannedCalls', $2::int)
      WHERE id = $1::uuid`,
    [runId, calls],
  )
}

/** Calls that reconciliations of the mode have owed for an organisation within the last 24 hours, over all types. */
export async function plannedCalls(
  db: Queryable,
  o: { readonly organizationId: string; readonly mode: string },
): Promise<number> {
  const { rows } = await db.query<{ calls: number }>(
    `SELECT coalesce(sum((configuration_snapshot ->> 'plannedCalls')::int), 0)::int AS calls
       FROM tds_sync_runs
      WHERE organization_id = $1 AND run_type = 'reconciliation' AND mode = $2 AND NOT dry_run AND started_at > tds_now() - interval '24 hours'`,
    [o.organizationId, o.mode],
  )
  return rows[0]?.calls ?? 0
}

/** The latest reconciliation of a mode for a type, or null: what a read that it owed finds belongs to it. */
export async function latestRun(
  db: Queryable,
  o: { readonly organizationId: string; readonly entityType: string; readonly mode: string },
): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM tds_sync_runs
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND mode = $3
        AND run_type = 'reconciliation' AND NOT dry_run
      ORDER BY started_at DESC LIMIT 1`,
    [o.organizationId, o.entityType, o.mode],
  )
  return rows[0]?.id ?? null
}
