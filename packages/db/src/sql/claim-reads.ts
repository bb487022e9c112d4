import type { Queryable } from '../queryable.ts'
import { isReadOfKey, readKeyArrays, readKeyRows, type OwedReadKey, type ReadReason } from './owed-reads.ts'

/** A read that this daemon may now perform. */
export interface ClaimedRead extends OwedReadKey {
  /** The database's time just before the request goes out. */
  readonly sent_at: string
  readonly reason: ReadReason
  readonly event_id: string | null
  readonly attempts: number
}

/** Takes those reads that are due and free for `ttlSeconds`, to be committed before the call goes out. */
export async function claimReads(
  db: Queryable,
  keys: readonly OwedReadKey[],
  o: { readonly daemonId: string; readonly ttlSeconds: number },
): Promise<ClaimedRead[]> {
  const { rows } = await db.query<ClaimedRead>(
    `WITH free AS (
       SELECT r.organization_id, r.entity_type, r.zoho_id
         FROM tds_owed_reads r JOIN ${readKeyRows} ON ${isReadOfKey}
        WHERE r.due_at <= tds_now() AND (r.claimed_by IS NULL OR r.claim_expires_at < tds_now())
        ORDER BY 1, 2, 3
          FOR UPDATE OF r
     ), sent AS MATERIALIZED (
       -- After the wait for the rows: what was received meanwhile is answered too.
       SELECT tds_now() AS at FROM (SELECT count(*) FROM free) AS locked
     )
     UPDATE tds_owed_reads r
        SET claimed_by = $4::uuid, claim_expires_at = tds_now() + make_interval(secs => $5)
       FROM free k, sent
      WHERE ${isReadOfKey}
     RETURNING r.organization_id AS "organizationId", r.entity_type AS "entityType", r.zoho_id AS "zohoId",
               sent.at AS sent_at, r.reason, r.event_id, r.attempts`,
    [...readKeyArrays(keys), o.daemonId, o.ttlSeconds],
    { name: 'claim_reads' },
  )
  return rows
}
