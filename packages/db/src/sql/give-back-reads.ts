import type { Queryable } from '../queryable.ts'
import { isReadOfKey, readKeyArrays, readKeyRows, type OwedReadKey } from './owed-reads.ts'

/** Gives claimed reads back after a fault, to be tried again after `delaySeconds`; `held` where a new wish would not help either. */
export async function postponeReads(
  db: Queryable,
  keys: readonly OwedReadKey[],
  o: {
    readonly daemonId: string
    readonly delaySeconds: number
    readonly error: string
    readonly held: boolean
  },
): Promise<void> {
  await db.query(
    `UPDATE tds_owed_reads r
        SET claimed_by = NULL, claim_expires_at = NULL, attempts = r.attempts + 1, last_error = $6,
            due_at = tds_now() + make_interval(secs => $5),
            held_until = CASE WHEN $7::boolean THEN tds_now() + make_interval(secs => $5) END
       FROM ${readKeyRows}
      WHERE ${isReadOfKey} AND r.claimed_by = $4::uuid`,
    [...readKeyArrays(keys), o.daemonId, o.delaySeconds, o.error, o.held],
    { name: 'postpone_reads' },
  )
}

/** Lets a due read wait that must not be performed yet, without counting an attempt; a new wish does not shorten that. */
export async function holdRead(
  db: Queryable,
  key: OwedReadKey,
  o: { readonly delaySeconds: number; readonly why: string },
): Promise<void> {
  await db.query(
    `UPDATE tds_owed_reads
        SET due_at = tds_now() + make_interval(secs => $4), held_until = tds_now() + make_interval(secs => $4),
            last_error = $5
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3 AND due_at <= tds_now()
        AND (claimed_by IS NULL OR claim_expires_at < tds_now())`,
    [key.organizationId, key.entityType, key.zohoId, o.delaySeconds, o.why],
    { name: 'hold_read' },
  )
}

/** Gives claimed reads back to be performed each by itself: an answer about many did not settle them. */
export async function readAlone(
  db: Queryable,
  keys: readonly OwedReadKey[],
  o: { readonly daemonId: string; readonly why: string },
): Promise<void> {
  await db.query(
    `UPDATE tds_owed_reads r SET claimed_by = NULL, claim_expires_at = NULL, alone = true, last_error = $5
       FROM ${readKeyRows}
      WHERE ${isReadOfKey} AND r.claimed_by = $4::uuid`,
    [...readKeyArrays(keys), o.daemonId, o.why],
    { name: 'read_alone' },
  )
}

/** Drops reads of records that were missing and have arrived by another way meanwhile. */
export async function dropArrivedReads(db: Queryable, keys: readonly OwedReadKey[]): Promise<void> {
  await db.query(
    `DELETE FROM tds_owed_reads r USING ${readKeyRows}
      WHERE ${isReadOfKey} AND r.reason = 'parent' AND (r.claimed_by IS NULL OR r.claim_expires_at < tds_now())`,
    readKeyArrays(keys),
    { name: 'drop_arrived_reads' },
  )
}
