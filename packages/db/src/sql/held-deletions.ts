import type { Queryable } from '../queryable.ts'
import type { FuseKey } from './deletion-fuses.ts'
import type { OwedReadKey } from './owed-reads.ts'
import type { RecordTable } from './record-table.ts'

/** A deletion that the fuse holds, or that a person released. */
export interface HeldDeletion {
  readonly zoho_id: string
  readonly cause: string
  readonly looked_at: string
  readonly held_at: string
  readonly released_at: string | null
}

/** What is known of a held deletion. */
export interface DeletionToHold {
  readonly cause: string
  /** When the source was looked at that did not have the record. */
  readonly lookedAt: string
}

/** The held deletion of a record, or null. */
export async function findHeldDeletion(tx: Queryable, key: OwedReadKey): Promise<HeldDeletion | null> {
  const { rows } = await tx.query<HeldDeletion>(
    `SELECT zoho_id, cause, looked_at, held_at, released_at FROM tds_held_deletions
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3
        FOR UPDATE`,
    [key.organizationId, key.entityType, key.zohoId],
  )
  return rows[0] ?? null
}

/** The held deletions of a type, the oldest first; those that a person released are not held any more. */
export async function heldDeletions(
  db: Queryable,
  key: FuseKey,
  o: { readonly limit: number },
): Promise<HeldDeletion[]> {
  const { rows } = await db.query<HeldDeletion>(
    `SELECT zoho_id, cause, looked_at, held_at, released_at FROM tds_held_deletions
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND released_at IS NULL
      ORDER BY held_at, zoho_id LIMIT $3`,
    [key.organizationId, key.entityType, o.limit],
  )
  return rows
}

/** How many deletions of a type are held. */
export async function countHeldDeletions(db: Queryable, key: FuseKey): Promise<number> {
  const { rows } = await db.query<{ held: number }>(
    `SELECT count(*)::int AS held FROM tds_held_deletions
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND released_at IS NULL`,
    [key.organizationId, key.entityType],
  )
  return rows[0]?.held ?? 0
}

/** Holds the deletion of a record: once, however often the source says that it is not there. */
export async function holdDeletion(tx: Queryable, key: OwedReadKey, o: DeletionToHold): Promise<void> {
  await tx.query(
    `INSERT INTO tds_held_deletions AS h (organization_id, entity_type, zoho_id, cause, looked_at)
     VALUES ($1, $2::tds_entity_type, $3, $4, $5::timestamptz)
         ON CONFLICT (organization_id, entity_type, zoho_id) DO UPDATE
        SET looked_at = greatest(h.looked_at, excluded.looked_at)`,
    [key.organizationId, key.entityType, key.zohoId, o.cause, o.lookedAt],
  )
}

/**
 * Holds the deletions of those records of a type that live and that the source was not seen to have since `lookedAt`, and
 * their rows until the transaction ends. Returns the ids of all that are now held.
 */
export async function holdLivingDeletions(
  tx: Queryable,
  table: Pick<RecordTable, 'table'>,
  o: FuseKey & DeletionToHold & { readonly zohoIds: readonly string[] },
): Promise<string[]> {
  const { rows } = await tx.query<{ zoho_id: string }>(
    `WITH living AS MATERIALIZED (
       SELECT t.organization_id, t.zoho_id
         FROM unnest($3::text[]) AS k(zoho_id)
         JOIN ${table.table} t ON t.organization_id = $1 AND t.zoho_id = k.zoho_id
        WHERE t.deleted_at IS NULL AND (t.source_read_at IS NULL OR t.source_read_at < $5::timestamptz)
        ORDER BY t.zoho_id
          FOR UPDATE OF t
     )
     INSERT INTO tds_held_deletions AS h (organization_id, entity_type, zoho_id, cause, looked_at)
     SELECT organization_id, $2::tds_entity_type, zoho_id, $4, $5::timestamptz FROM living ORDER BY zoho_id
         ON CONFLICT (organization_id, entity_type, zoho_id) DO UPDATE
        SET looked_at = greatest(h.looked_at, excluded.looked_at)
     RETURNING zoho_id`,
    [o.organizationId, o.entityType, [...new Set(o.zohoIds)], o.cause, o.lookedAt],
  )
  return rows.map((row) => row.zoho_id)
}

/** Forgets the held deletion of a record: it was done, or there is nothing left to delete. */
export async function dropHeldDeletion(tx: Queryable, key: OwedReadKey): Promise<void> {
  await tx.query(
    `DELETE FROM tds_held_deletions
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3`,
    [key.organizationId, key.entityType, key.zohoId],
  )
}

/** Marks all held deletions of a type as released and returns whose they are. */
export async function releaseHeldDeletions(tx: Queryable, key: FuseKey): Promise<string[]> {
  const { rows } = await tx.query<{ zoho_id: string }>(
    `WITH held AS MATERIALIZED (
       SELECT organization_id, entity_type, zoho_id FROM tds_held_deletions
        WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND released_at IS NULL
        ORDER BY zoho_id
          FOR UPDATE
     )
     UPDATE tds_held_deletions h SET released_at = tds_now()
       FROM held k
      WHERE h.organization_id = k.organization_id AND h.entity_type = k.entity_type AND h.zoho_id = k.zoho_id
     RETURNING h.zoho_id`,
    [key.organizationId, key.entityType],
  )
  return rows.map((row) => row.zoho_id)
}
