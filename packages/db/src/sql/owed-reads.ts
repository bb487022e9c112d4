import type { Queryable } from '../queryable.ts'

/** The record that a read is owed for. */
export interface OwedReadKey {
  readonly organizationId: string
  readonly entityType: string
  readonly zohoId: string
}

/** Why a record is to be read: an event asks, a partial body left it incomplete, or a first answer was not decisive. */
export type ReadReason = 'event' | 'completing' | 'repeat' | 'parent' | 'ripple'

/** A wish to have a record read. */
export interface ReadRequest extends OwedReadKey {
  readonly reason: ReadReason
  readonly eventId: string | null
  /** Seconds from now before which it is too early. */
  readonly delaySeconds: number
}

/** A read that this daemon may now perform. */
export interface ClaimedRead {
  /** The database's time just before the request goes out. */
  readonly sent_at: string
  readonly reason: ReadReason
  readonly event_id: string | null
  readonly attempts: number
}

/** Asks for reads; several wishes for one record become one read, due at the earliest of them. */
export async function requestReads(tx: Queryable, requests: readonly ReadRequest[]): Promise<void> {
  if (requests.length === 0) return
  await tx.query(
    `INSERT INTO tds_owed_reads AS r (organization_id, entity_type, zoho_id, reason, event_id, requested_at,
            first_requested_at, due_at)
     SELECT x."organizationId", x."entityType"::tds_entity_type, x."zohoId", x.reason, x."eventId", tds_now(), tds_now(),
            tds_now() + make_interval(secs => x."delaySeconds")
       FROM json_to_recordset($1::json) AS x("organizationId" text, "entityType" text, "zohoId" text, reason text,
            "eventId" uuid, "delaySeconds" double precision)
      ORDER BY 1, 2, 3
         ON CONFLICT (organization_id, entity_type, zoho_id) DO UPDATE
        SET requested_at = excluded.requested_at, due_at = least(r.due_at, excluded.due_at),
            reason = CASE WHEN r.reason = 'event' THEN r.reason ELSE excluded.reason END,
            event_id = coalesce(excluded.event_id, r.event_id)`,
    [JSON.stringify(newestPerRecord(requests))],
    { name: 'request_reads' },
  )
}

/** One statement may touch a row only once. */
function newestPerRecord(requests: readonly ReadRequest[]): ReadRequest[] {
  const newest = new Map<string, ReadRequest>()
  for (const request of requests) {
    const key = JSON.stringify([request.organizationId, request.entityType, request.zohoId])
    const held = newest.get(key)
    newest.set(
      key,
      held === undefined
        ? request
        : {
            ...request,
            reason: held.reason === 'event' ? held.reason : request.reason,
            delaySeconds: Math.min(held.delaySeconds, request.delaySeconds),
          },
    )
  }
  return [...newest.values()]
}

/** Why a read is due that nobody performs, or null where there is none: a look, so that nobody waits for a call in vain. */
export async function dueReadReason(db: Queryable, key: OwedReadKey): Promise<ReadReason | null> {
  const { rows } = await db.query<{ reason: ReadReason }>(
    `SELECT reason FROM tds_owed_reads
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3 AND due_at <= tds_now()
        AND (claimed_by IS NULL OR claim_expires_at < tds_now())`,
    [key.organizationId, key.entityType, key.zohoId],
    { name: 'due_read_reason' },
  )
  return rows[0]?.reason ?? null
}

/** Takes a due read for `ttlSeconds`, committed before the call goes out; null when nothing is due or another daemon has it. */
export async function claimRead(
  db: Queryable,
  key: OwedReadKey,
  o: { readonly daemonId: string; readonly ttlSeconds: number },
): Promise<ClaimedRead | null> {
  const { rows } = await db.query<ClaimedRead>(
    `UPDATE tds_owed_reads
        SET claimed_by = $4::uuid, claim_expires_at = tds_now() + make_interval(secs => $5)
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3 AND due_at <= tds_now()
        AND (claimed_by IS NULL OR claim_expires_at < tds_now())
     RETURNING tds_now()::timestamptz AS sent_at, reason, event_id, attempts`,
    [key.organizationId, key.entityType, key.zohoId, o.daemonId, o.ttlSeconds],
    { name: 'claim_read' },
  )
  return rows[0] ?? null
}

/**
 * Closes a read that was answered. A wish that came after the request was sent is not answered by it: then the row
 * stays, free and due. Returns true when such a trailing read remains.
 */
export async function settleRead(
  tx: Queryable,
  key: OwedReadKey,
  o: { readonly daemonId: string; readonly sentAt: string },
): Promise<boolean> {
  const { rows } = await tx.query<{ trailing: boolean }>(
    `WITH answered AS (
       DELETE FROM tds_owed_reads
        WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3 AND claimed_by = $4::uuid
          AND requested_at <= $5::timestamptz
       RETURNING 1
     ), freed AS (
       UPDATE tds_owed_reads
          SET claimed_by = NULL, claim_expires_at = NULL, attempts = 0, last_error = NULL, first_requested_at = requested_at
        WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3 AND claimed_by = $4::uuid
          AND requested_at > $5::timestamptz
       RETURNING 1
     )
     SELECT EXISTS (SELECT FROM freed) AS trailing`,
    [key.organizationId, key.entityType, key.zohoId, o.daemonId, o.sentAt],
    { name: 'settle_read' },
  )
  return rows[0]?.trailing ?? false
}

/** Gives a read back after a fault of the source, to be tried again after `delaySeconds`. */
export async function postponeRead(
  db: Queryable,
  key: OwedReadKey,
  o: { readonly daemonId: string; readonly delaySeconds: number; readonly error: string },
): Promise<void> {
  await db.query(
    `UPDATE tds_owed_reads
        SET claimed_by = NULL, claim_expires_at = NULL, attempts = attempts + 1, last_error = $6,
            due_at = tds_now() + make_interval(secs => $5)
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND zoho_id = $3 AND claimed_by = $4::uuid`,
    [key.organizationId, key.entityType, key.zohoId, o.daemonId, o.delaySeconds, o.error],
    { name: 'postpone_read' },
  )
}
