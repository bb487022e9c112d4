import type { Queryable } from '../queryable.ts'

/** Which type of which organisation. */
export interface FuseKey {
  readonly organizationId: string
  readonly entityType: string
}

/** `closed` does deletions up to the limit of the hour; `blown` holds every one. */
export type FuseState = 'closed' | 'blown'

/** A fuse as deciding needs it. */
export interface StoredFuse {
  readonly state: FuseState
  readonly blown_at: string | null
}

/** A fuse with what it holds and has done. */
export interface FuseStatus extends StoredFuse {
  readonly organization_id: string
  readonly entity_type: string
  readonly blown_seconds: number | null
  /** As text, because it is a bigint. */
  readonly blows: string
  readonly released_at: string | null
  readonly released_by: string | null
  readonly release_reason: string | null
  readonly released_count: number | null
  /** Deletions that wait for a person. */
  readonly held: number
  /** Deletions that a person released and whose records were not read again yet. */
  readonly released: number
  /** Deletions done in the last hour, without those that a person released. */
  readonly done: number
}

/** Takes the fuse of a type for a decision; of two who want it, the second waits. One that nobody has used yet is made, closed. */
export async function lockFuse(tx: Queryable, key: FuseKey): Promise<StoredFuse> {
  const found = await findFuse(tx, key, 'FOR UPDATE')
  if (found !== null) return found
  await tx.query(
    `INSERT INTO tds_deletion_fuses (organization_id, entity_type) VALUES ($1, $2::tds_entity_type)
         ON CONFLICT (organization_id, entity_type) DO NOTHING`,
    [key.organizationId, key.entityType],
  )
  const made = await findFuse(tx, key, 'FOR UPDATE')
  if (made === null) throw new RangeError('a fuse that was just made is not there')
  return made
}

/** Looks at a fuse; null for one that nobody has used yet. */
export async function findFuse(
  db: Queryable,
  key: FuseKey,
  lock: '' | 'FOR UPDATE' = '',
): Promise<StoredFuse | null> {
  const { rows } = await db.query<StoredFuse>(
    `SELECT state, blown_at FROM tds_deletion_fuses
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type ${lock}`,
    [key.organizationId, key.entityType],
  )
  return rows[0] ?? null
}

/** Blows a locked fuse. */
export async function blowFuse(tx: Queryable, key: FuseKey): Promise<void> {
  await tx.query(
    `UPDATE tds_deletion_fuses SET state = 'blown', blown_at = tds_now(), blows = blows + 1
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND state = 'closed'`,
    [key.organizationId, key.entityType],
  )
}

/** Closes a locked fuse because a person released what it held. */
export async function closeFuse(
  tx: Queryable,
  key: FuseKey,
  release: { readonly by: string; readonly reason: string; readonly count: number },
): Promise<void> {
  await tx.query(
    `UPDATE tds_deletion_fuses
        SET state = 'closed', blown_at = NULL, released_at = tds_now(), released_by = $3, release_reason = $4,
            released_count = $5
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type`,
    [key.organizationId, key.entityType, release.by, release.reason, release.count],
  )
}

/** All fuses that were ever used. */
export async function listFuses(db: Queryable): Promise<FuseStatus[]> {
  const { rows } = await db.query<FuseStatus>(
    `SELECT f.organization_id, f.entity_type::text, f.state, f.blown_at, f.blows, f.released_at, f.released_by,
            f.release_reason, f.released_count,
            extract(epoch FROM tds_now() - f.blown_at)::float8 AS blown_seconds,
            held.held, held.released, coalesce(counted.done, 0)::int AS done
       FROM tds_deletion_fuses f
      CROSS JOIN LATERAL
            (SELECT count(*) FILTER (WHERE h.released_at IS NULL)::int AS held,
                    count(*) FILTER (WHERE h.released_at IS NOT NULL)::int AS released
               FROM tds_held_deletions h
              WHERE h.organization_id = f.organization_id AND h.entity_type = f.entity_type) held
      CROSS JOIN LATERAL
            (SELECT sum(c.deletions) AS done FROM tds_deletion_counts c
              WHERE c.organization_id = f.organization_id AND c.entity_type = f.entity_type
                AND c.minute > tds_now() - interval '61 minutes') counted
      ORDER BY 1, f.entity_type`,
    [],
    { name: 'list_fuses' },
  )
  return rows
}
