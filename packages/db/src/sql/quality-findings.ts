import type { Queryable } from '../queryable.ts'
import type { RecordTable } from './record-table.ts'

/**
 * Closes what a walk over the whole type cannot have met: findings of records that are there no more, of values that no
 * record has any more, and of rules that this build does not know.
 */
export async function closeOrphanedFindings(
  tx: Queryable,
  o: {
    readonly entityType: string
    readonly table: RecordTable
    readonly rules: readonly string[]
    /** When the walk began. */
    readonly since: string
  },
): Promise<number> {
  const { rowCount } = await tx.query(
    `UPDATE tds_quality_findings f SET resolved_at = tds_now()
      WHERE f.entity_type = $1 AND f.resolved_at IS NULL
        AND (f.rule <> ALL($2::text[])
             OR f.last_seen_at < $3::timestamptz
                AND (f.entity_id IS NULL
                     OR NOT EXISTS (SELECT FROM ${o.table.table} t
                                     WHERE t.organization_id = f.organization_id AND t.zoho_id = f.entity_id)))`,
    [o.entityType, o.rules, o.since],
  )
  return rowCount
}

/** The open findings of each rule that has any, and how long ago the latest pass ended. */
export interface QualityStatus {
  readonly open: readonly { readonly rule: string; readonly findings: number }[]
  /** Null before the first pass. */
  readonly secondsSincePass: number | null
}

/** Counts the open findings, from the index that holds only these. */
export async function qualityStatus(db: Queryable): Promise<QualityStatus> {
  const { rows } = await db.query<{ rule: string | null; findings: number; since: number | null }>(
    `SELECT o.rule, coalesce(o.findings, 0) AS findings,
            extract(epoch FROM tds_now() - p.passed_at)::float8 AS since
       FROM tds_quality_progress p
       LEFT JOIN (SELECT rule, count(*)::int AS findings FROM tds_quality_findings
                   WHERE resolved_at IS NULL GROUP BY rule) o ON true
      ORDER BY o.rule`,
    [],
    { name: 'quality_status' },
  )
  return {
    open: rows.flatMap(({ rule, findings }) => (rule === null ? [] : [{ rule, findings }])),
    secondsSincePass: rows[0]?.since ?? null,
  }
}
