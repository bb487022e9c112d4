import type { Queryable } from '../queryable.ts'
import type { FuseKey } from './deletion-fuses.ts'
import { isReadOfKey, readKeyArrays, readKeyRows, type OwedReadKey, type ReadReason } from './owed-reads.ts'

/**
 * Owes reads that are not made before somebody lets them: what asks meanwhile with the same urgency does not hasten them. A
 * read that is owed already stays as it is.
 */
export async function oweHeldReads(
  tx: Queryable,
  keys: readonly OwedReadKey[],
  o: { readonly reason: ReadReason; readonly eventId: string | null; readonly why: string },
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_owed_reads (organization_id, entity_type, zoho_id, reason, event_id, due_at, held_until, last_error)
     SELECT k.organization_id, k.entity_type::tds_entity_type, k.zoho_id, $4, $5::uuid, 'infinity', 'infinity', $6
       FROM ${readKeyRows}
      ORDER BY 1, 2, 3
         ON CONFLICT (organization_id, entity_type, zoho_id) DO NOTHING`,
    [...readKeyArrays(keys), o.reason, o.eventId, o.why],
    { name: 'owe_held_reads' },
  )
}

/** Makes the reads of released deletions due; one that is not owed any more is owed anew. Returns the reads, with their reasons. */
export async function letHeldReads(
  tx: Queryable,
  key: FuseKey,
  zohoIds: readonly string[],
): Promise<(OwedReadKey & { readonly reason: ReadReason })[]> {
  const keys = zohoIds.map((zohoId) => ({ ...key, zohoId }))
  await oweHeldReads(tx, keys, { reason: 'reconciliation', eventId: null, why: 'released' })
  const { rows } = await tx.query<OwedReadKey & { readonly reason: ReadReason }>(
    `UPDATE tds_owed_reads r
        SET due_at = CASE WHEN r.held_until = 'infinity' THEN tds_now() ELSE r.due_at END,
            held_until = CASE WHEN r.held_until = 'infinity' THEN NULL ELSE r.held_until END,
            requested_at = tds_now(),
            last_error = NULL
       FROM ${readKeyRows}
      WHERE ${isReadOfKey}
     RETURNING r.organization_id AS "organizationId", r.entity_type AS "entityType", r.zoho_id AS "zohoId", r.reason`,
    readKeyArrays(keys),
  )
  return rows
}
