import type { Queryable } from '../queryable.ts'
import type { FuseKey } from './deletion-fuses.ts'

/** Deletions done in the last hour. A minute counts as long as a part of it lies within the hour: never one too few. */
export async function deletionsLastHour(db: Queryable, key: FuseKey): Promise<number> {
  const { rows } = await db.query<{ done: number }>(
    `SELECT coalesce(sum(deletions), 0)::int AS done FROM tds_deletion_counts
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND minute > tds_now() - interval '61 minutes'`,
    [key.organizationId, key.entityType],
    { name: 'deletions_last_hour' },
  )
  return rows[0]?.done ?? 0
}

/** Counts a deletion, and forgets the minutes that count no longer. */
export async function countDeletion(tx: Queryable, key: FuseKey): Promise<void> {
  await tx.query(
    `WITH forgotten AS (
       DELETE FROM tds_deletion_counts
        WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND minute <= tds_now() - interval '61 minutes'
     )
     INSERT INTO tds_deletion_counts AS c (organization_id, entity_type, minute, deletions)
     VALUES ($1, $2::tds_entity_type, date_trunc('minute', tds_now()), 1)
         ON CONFLICT (organization_id, entity_type, minute) DO UPDATE SET deletions = c.deletions + 1`,
    [key.organizationId, key.entityType],
    { name: 'count_deletion' },
  )
}
