import type { Queryable } from '../queryable.ts'

/** How long the list of a type was when somebody last found out. */
export interface ListLength {
  readonly entity_type: string
  readonly rows: number
  /** A walk has met each of them; otherwise they are the most that there can be. */
  readonly counted: boolean
}

/** Reads how long the lists of an organisation are, by the newest run of each type that walked one whole or looked at its pages. */
export async function listLengths(db: Queryable, organizationId: string): Promise<ListLength[]> {
  const { rows } = await db.query<ListLength>(
    `SELECT DISTINCT ON (entity_type) entity_type, status = 'completed' AS counted,
            CASE WHEN status = 'completed' THEN read ELSE expected_rows END::float8 AS rows
       FROM tds_sync_runs
      WHERE organization_id = $1 AND run_type <> 'reconciliation' AND mode IN ('backfill', 'full')
        AND (status = 'completed' OR expected_rows IS NOT NULL)
      ORDER BY entity_type, started_at DESC, id DESC`,
    [organizationId],
  )
  return rows
}
