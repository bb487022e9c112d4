import type { Queryable } from '../queryable.ts'

/** How far the audit trail has been judged, as the pass holds it. */
export interface QualityProgress {
  /** Null before the first pass, like the snapshot. */
  readonly floor_position: string | null
  readonly seen_snapshot: string | null
  /** This is the first pass, or the database was restored elsewhere: what the snapshot says means nothing. */
  readonly starts_anew: boolean
  /** When this pass began. */
  readonly began_at: string
}

/** A record that changed since the latest pass; `gone` when one of the changes deleted it. */
export interface ChangedRecord {
  readonly entity_type: string
  readonly organization_id: string
  readonly zoho_id: string
  readonly gone: boolean
}

/** What is new in the audit trail, and the place from which the next pass goes on. */
export interface FreshChanges {
  readonly changed: readonly ChangedRecord[]
  /** More came than one pass takes: the records are not all named. */
  readonly overflowed: boolean
  readonly snapshot: string
  readonly lastPosition: string
}

/**
 * Lets one pass at a time through, until its transaction ends; null for the others. Whoever holds it reads on exactly where
 * the pass before ended.
 */
export async function holdQualityProgress(tx: Queryable): Promise<QualityProgress | null> {
  const { rows } = await tx.query<QualityProgress>(
    `SELECT floor_position, seen_snapshot::text,
            seen_snapshot IS NULL OR pg_snapshot_xmax(seen_snapshot) > pg_snapshot_xmax(pg_current_snapshot()) AS starts_anew,
            tds_now() AS began_at
       FROM tds_quality_progress FOR UPDATE SKIP LOCKED`,
  )
  return rows[0] ?? null
}

/**
 * Reads the records whose changes the latest pass could not see. Whether it could is asked of its snapshot and not of a
 * position or a time: a change that was committed late has an old position, and is found all the same.
 */
export async function readFreshChanges(
  tx: Queryable,
  progress: QualityProgress,
  limit: number,
): Promise<FreshChanges> {
  const { rows } = await tx.query<
    ChangedRecord & { snapshot: string; last_position: string; entries: string }
  >(
    `WITH fresh AS MATERIALIZED (
       SELECT a.entity_type, a.organization_id, a.entity_id, a.operation
         FROM tds_audit_trail a
        WHERE NOT $1::boolean AND a.position > $2::bigint
          AND NOT pg_visible_in_snapshot(a.xact_id, $3::pg_snapshot)
        ORDER BY a.position
        LIMIT $4::int + 1
     ), record AS (
       SELECT entity_type, organization_id, entity_id AS zoho_id, bool_or(operation = 'deleted') AS gone
         FROM fresh GROUP BY 1, 2, 3
     )
     SELECT pg_current_snapshot()::text AS snapshot,
            (SELECT coalesce(max(position), 0) FROM tds_audit_trail) AS last_position,
            (SELECT count(*) FROM fresh) AS entries, record.*
       FROM (VALUES (1)) AS always(one) LEFT JOIN record ON true`,
    [progress.starts_anew, progress.floor_position, progress.seen_snapshot, limit],
  )
  const [first] = rows
  if (first === undefined) throw new RangeError('read_fresh_changes gave no row')
  const overflowed = Number(first.entries) > limit
  return {
    changed: overflowed ? [] : rows.filter((row) => (row.entity_type as string | null) !== null),
    overflowed,
    snapshot: first.snapshot,
    lastPosition: first.last_position,
  }
}

/**
 * Notes what the pass saw. The floor follows only when every transaction has ended that could still write below it, so that
 * it never passes a change that nobody can see yet.
 * At a new start it reads on from an hour back, longer than any of our transactions may take; the rest is for the walks.
 */
export async function advanceQualityProgress(
  tx: Queryable,
  o: { readonly startsAnew: boolean; readonly seen: Pick<FreshChanges, 'snapshot' | 'lastPosition'> },
): Promise<void> {
  await tx.query(
    `UPDATE tds_quality_progress p
        SET floor_position = CASE WHEN $1::boolean THEN s.an_hour_back
                                  WHEN s.settled THEN p.horizon_position ELSE p.floor_position END,
            horizon_position = CASE WHEN $1::boolean OR s.settled THEN $3::bigint ELSE p.horizon_position END,
            horizon_xact = CASE WHEN $1::boolean OR s.settled THEN pg_snapshot_xmax($2::pg_snapshot) ELSE p.horizon_xact END,
            seen_snapshot = $2::pg_snapshot,
            passed_at = tds_now()
       FROM (SELECT pg_snapshot_xmin($2::pg_snapshot) >= q.horizon_xact AS settled,
                    CASE WHEN $1::boolean THEN
                      coalesce((SELECT a.position - 1 FROM tds_audit_trail a
                                 WHERE a.changed_at > tds_now() - interval '1 hour'
                                 ORDER BY a.changed_at LIMIT 1), $3::bigint)
                    END AS an_hour_back
               FROM tds_quality_progress q) s`,
    [o.startsAnew, o.seen.snapshot, o.seen.lastPosition],
  )
}
