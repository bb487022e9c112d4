import type { Queryable } from '../queryable.ts'

/** The record that a read is owed for. */
export interface OwedReadKey {
  readonly organizationId: string
  readonly entityType: string
  readonly zohoId: string
}

/**
 * Why a record is to be read, the most urgent first: an event asks, a first answer was not decisive, a partial body left
 * it incomplete, a person asks, the source says that its webhook failed, a run that compares or reads lists found it to
 * differ, a record that names it is here without it, a record that names it may have moved its numbers, a first load found
 * it, it is its detail's turn to be looked at again.
 */
export const readReasons = [
  'event',
  'repeat',
  'completing',
  'manual',
  'ledger',
  'reconciliation',
  'incremental',
  'parent',
  'ripple',
  'backfill',
  'verification',
] as const

/** One of {@link readReasons}. */
export type ReadReason = (typeof readReasons)[number]

/** Reasons for which no event waits: such reads have no job, are made many at a time, and never stand in an event's way. */
export const patientReasons: readonly ReadReason[] = [
  'manual',
  'ledger',
  'reconciliation',
  'incremental',
  'parent',
  'ripple',
  'backfill',
  'verification',
]

/** The reasons as a list of SQL, for conditions. */
export const patientList = patientReasons.map((reason) => `'${reason}'`).join(', ')

/** A wish to have a record read. */
export interface ReadRequest extends OwedReadKey {
  readonly reason: ReadReason
  readonly eventId: string | null
  /** Seconds from now before which it is too early. */
  readonly delaySeconds: number
}

/**
 * Asks for reads; several wishes for one record become one read, due at the earliest of them, for the most urgent reason.
 * What a first load owes stays so when a list of changes shows it again. A read that is held is not hastened, unless the wish is of another urgency than what is held.
 */
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
        SET requested_at = excluded.requested_at,
            due_at = CASE WHEN r.held_until > tds_now() AND NOT ${isUpgrade} THEN r.due_at
                          ELSE least(r.due_at, excluded.due_at) END,
            held_until = CASE WHEN ${isUpgrade} THEN NULL ELSE r.held_until END,
            reason = CASE WHEN ${rankOf('excluded')} < ${rankOf('r')} AND NOT ${isSeenAgain}
                          THEN excluded.reason ELSE r.reason END,
            event_id = coalesce(excluded.event_id, r.event_id)`,
    [JSON.stringify(oncePerRecord(requests))],
    { name: 'request_reads' },
  )
}

/** What was held for want of calls may be allowed to somebody who waits. */
const isUpgrade = `(r.reason IN (${patientList}) AND excluded.reason NOT IN (${patientList}))`

/**
 * A list shows once more what a first load has still to read: that is no change, and thousands of them would take the place
 * of those in the lane of changes.
 */
const isSeenAgain = `(r.reason = 'backfill' AND excluded.reason = 'incremental')`

/** How urgent the read of row `row` is, as SQL: 1 is the most urgent. */
export function rankOf(row: string): string {
  return `array_position(ARRAY[${readReasons.map((reason) => `'${reason}'`).join(', ')}], ${row}.reason)`
}

/** One statement may touch a row only once. */
function oncePerRecord(requests: readonly ReadRequest[]): ReadRequest[] {
  const merged = new Map<string, ReadRequest>()
  for (const request of requests) {
    const key = JSON.stringify([request.organizationId, request.entityType, request.zohoId])
    const held = merged.get(key)
    merged.set(key, held === undefined ? request : mergeRequests(held, request))
  }
  return [...merged.values()]
}

function mergeRequests(earlier: ReadRequest, later: ReadRequest): ReadRequest {
  const isMoreUrgent = readReasons.indexOf(earlier.reason) < readReasons.indexOf(later.reason)
  return {
    ...later,
    eventId: later.eventId ?? earlier.eventId,
    reason: isMoreUrgent ? earlier.reason : later.reason,
    delaySeconds: Math.min(earlier.delaySeconds, later.delaySeconds),
  }
}

/** Splits keys into the parallel arrays that `unnest` takes. */
export function readKeyArrays(keys: readonly OwedReadKey[]): [string[], string[], string[]] {
  return [
    keys.map((key) => key.organizationId),
    keys.map((key) => key.entityType),
    keys.map((key) => key.zohoId),
  ]
}

/** The keys of three parallel arrays, `$1` to `$3`, as rows of `k`. */
export const readKeyRows = `unnest($1::text[], $2::text[], $3::text[]) AS k(organization_id, entity_type, zoho_id)`

/** Says that row `r` is that of key `k`. */
export const isReadOfKey = `r.organization_id = k.organization_id AND r.entity_type = k.entity_type::tds_entity_type
        AND r.zoho_id = k.zoho_id`
