import type { Queryable } from '../queryable.ts'
import { readsPerHour } from './due-reads.ts'
import type { OwedReadKey, ReadReason } from './owed-reads.ts'

/**
 * Closes a read that was answered, and counts it for its record. A wish that came after the request was sent is not
 * answered by it: then the row stays, free and due. Returns why that trailing read remains, or null where none does.
 */
export async function settleRead(
  tx: Queryable,
  key: OwedReadKey,
  o: { readonly daemonId: string; readonly sentAt: string },
): Promise<ReadReason | null> {
  const { rows } = await tx.query<{ trailing: ReadReason | null }>(
    `WITH answered AS (
       DELETE FROM tds_owed_reads
        WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3 AND claimed_by = $4::uuid
          AND requested_at <= $5::timestamptz
       RETURNING 1
     ), freed AS (
       UPDATE tds_owed_reads
          SET claimed_by = NULL, claim_expires_at = NULL, attempts = 0, last_error = NULL, held_until = NULL, alone = false,
              first_requested_at = requested_at
        WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3 AND claimed_by = $4::uuid
          AND requested_at > $5::timestamptz
       RETURNING reason
     ), counted AS (
       INSERT INTO tds_record_reads AS h (organization_id, entity_type, zoho_id, sent_at, last_sent_at)
       VALUES ($1, $2::tds_entity_type, $3, ARRAY[$5::timestamptz], $5::timestamptz)
           ON CONFLICT (organization_id, entity_type, zoho_id) DO UPDATE
          SET sent_at = (h.sent_at || excluded.sent_at)[greatest(1, cardinality(h.sent_at) + 2 - ${String(readsPerHour.urgent)}):],
              last_sent_at = excluded.last_sent_at
     )
     SELECT (SELECT reason FROM freed) AS trailing`,
    [key.organizationId, key.entityType, key.zohoId, o.daemonId, o.sentAt],
    { name: 'settle_read' },
  )
  return rows[0]?.trailing ?? null
}

/** Forgets when records were read, once that counts for no limit any more. */
export async function forgetOldReads(tx: Queryable, limit: number): Promise<number> {
  const { rowCount } = await tx.query(
    `DELETE FROM tds_record_reads
      WHERE (organization_id, entity_type, zoho_id) IN
            (SELECT organization_id, entity_type, zoho_id FROM tds_record_reads
              WHERE last_sent_at < tds_now() - interval '1 hour'
              ORDER BY last_sent_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
    [limit],
  )
  return rowCount
}
