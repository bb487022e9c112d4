import type { Queryable } from '../queryable.ts'
import type { RecordKey } from './record-table.ts'

/** A walk over a type that is due or in progress, and the record after which it goes on. */
export interface QualityWalk {
  readonly entity_type: string
  /** Null before its first slice. */
  readonly at_organization_id: string | null
  readonly at_zoho_id: string | null
  /** When the walk began; null before its first slice. */
  readonly started_at: string | null
}

/** Makes sure that every type is walked over: a new one at once. */
export async function ensureQualityWalks(tx: Queryable, types: readonly string[]): Promise<void> {
  await tx.query(
    `INSERT INTO tds_quality_walks (entity_type) SELECT unnest($1::tds_entity_type[]) ON CONFLICT (entity_type) DO NOTHING`,
    [types],
  )
}

/** Brings the next walk over the types forward; one in progress is followed by another, because it may be past what changed. */
export async function hastenQualityWalks(
  tx: Queryable,
  types: readonly string[],
  delaySeconds: number,
): Promise<void> {
  if (types.length === 0) return
  await tx.query(
    `UPDATE tds_quality_walks SET due_at = least(due_at, tds_now() + make_interval(secs => $2))
      WHERE entity_type = ANY($1::tds_entity_type[])`,
    [types, delaySeconds],
  )
}

/** The walk to take the next slice of: one in progress before one that is due; null when there is none. */
export async function nextQualityWalk(tx: Queryable, types: readonly string[]): Promise<QualityWalk | null> {
  const { rows } = await tx.query<QualityWalk>(
    `SELECT entity_type, at_organization_id, at_zoho_id,
            CASE WHEN at_zoho_id IS NULL THEN NULL ELSE started_at END AS started_at
       FROM tds_quality_walks
      WHERE entity_type = ANY($1::tds_entity_type[]) AND (at_zoho_id IS NOT NULL OR due_at <= tds_now())
      ORDER BY at_zoho_id IS NULL, due_at
      LIMIT 1`,
    [types],
  )
  return rows[0] ?? null
}

/** Notes how far a walk came. At its start the next one is set, so that whatever is asked for meanwhile comes earlier. */
export async function moveQualityWalk(
  tx: Queryable,
  walk: QualityWalk,
  o: { readonly at: RecordKey; readonly everySeconds: number },
): Promise<void> {
  await tx.query(
    `UPDATE tds_quality_walks
        SET at_organization_id = $2, at_zoho_id = $3,
            started_at = CASE WHEN $4 THEN tds_now() ELSE started_at END,
            due_at = CASE WHEN $4 THEN tds_now() + make_interval(secs => $5) ELSE due_at END
      WHERE entity_type = $1`,
    [walk.entity_type, o.at.organizationId, o.at.zohoId, walk.started_at === null, o.everySeconds],
  )
}

/** Notes that a walk reached the end of its table. */
export async function finishQualityWalk(
  tx: Queryable,
  walk: QualityWalk,
  everySeconds: number,
): Promise<void> {
  await tx.query(
    `UPDATE tds_quality_walks
        SET at_organization_id = NULL, at_zoho_id = NULL, finished_at = tds_now(),
            started_at = CASE WHEN $2 THEN tds_now() ELSE started_at END,
            due_at = CASE WHEN $2 THEN tds_now() + make_interval(secs => $3) ELSE due_at END
      WHERE entity_type = $1`,
    [walk.entity_type, walk.started_at === null, everySeconds],
  )
}
