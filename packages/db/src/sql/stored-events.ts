import type { Queryable } from '../queryable.ts'
import type { ListPosition } from './list-position.ts'

/** An inbox event as a person looks at it, without what it carries; times as Postgres prints them. */
export interface StoredEvent {
  readonly id: string
  readonly organization_id: string
  readonly source_type: string
  readonly entity_type: string
  readonly source_entity_id: string | null
  readonly operation_type: string
  readonly source_version: string | null
  readonly status: string
  readonly attempt_count: number
  readonly next_attempt_at: string | null
  readonly awaiting_read: boolean
  readonly duplicate_count: number
  readonly last_duplicate_at: string | null
  readonly received_at: string
  readonly processed_at: string | null
  readonly error_code: string | null
  readonly error_message: string | null
  readonly replay_of: string | null
  readonly request_id: string | null
  readonly remote_address: string | null
  readonly signature_verified: boolean
  readonly flags: readonly string[]
  readonly content_hash: string
  readonly body_bytes: number
}

/** The same with its body and headers, exactly as they came. */
export interface StoredDelivery extends StoredEvent {
  readonly raw_body: Buffer
  /** JSON text; secrets were masked when it was stored. */
  readonly headers: string
}

/** Which events are asked for; what is left out does not restrict. */
export interface EventFilter {
  readonly statuses?: readonly string[] | undefined
  readonly entityType?: string | undefined
  readonly sourceEntityId?: string | undefined
  readonly errorCode?: string | undefined
  readonly receivedSince?: Date | undefined
}

const columns = `e.id, e.organization_id, e.source_type, e.entity_type, e.source_entity_id, e.operation_type,
            e.source_version, e.status, e.attempt_count, e.next_attempt_at, e.awaiting_read, e.duplicate_count,
            e.last_duplicate_at, e.received_at, e.processed_at, e.error_code, e.error_message, e.replay_of, e.request_id,
            host(e.remote_address) AS remote_address, e.signature_verified, e.flags, e.content_hash,
            octet_length(e.raw_body) AS body_bytes`

/** Lists events in the order of their receipt, one page at a time. */
export async function listEvents(
  db: Queryable,
  filter: EventFilter,
  page: { readonly limit: number; readonly after: ListPosition | null; readonly oldestFirst: boolean },
): Promise<StoredEvent[]> {
  const [direction, beyond] = page.oldestFirst ? ['ASC', '>'] : ['DESC', '<']
  const { rows } = await db.query<StoredEvent>(
    `SELECT ${columns} FROM tds_inbox_events e
      WHERE ($1::tds_event_status[] IS NULL OR e.status = ANY($1::tds_event_status[]))
        AND ($2::tds_entity_type IS NULL OR e.entity_type = $2::tds_entity_type)
        AND ($3::text IS NULL OR e.source_entity_id = $3::text)
        AND ($4::text IS NULL OR e.error_code = $4::text)
        AND ($5::timestamptz IS NULL OR e.received_at >= $5::timestamptz)
        AND ($6::timestamptz IS NULL OR (e.received_at, e.id) ${beyond} ($6::timestamptz, $7::uuid))
      ORDER BY e.received_at ${direction}, e.id ${direction}
      LIMIT $8`,
    [
      filter.statuses ?? null,
      filter.entityType ?? null,
      filter.sourceEntityId ?? null,
      filter.errorCode ?? null,
      filter.receivedSince?.toISOString() ?? null,
      page.after?.at ?? null,
      page.after?.id ?? null,
      page.limit,
    ],
  )
  return rows
}

/** One event; null where there is none, or none any more. */
export async function findEvent(db: Queryable, id: string): Promise<StoredEvent | null> {
  const { rows } = await db.query<StoredEvent>(
    `SELECT ${columns} FROM tds_inbox_events e WHERE e.id = $1::uuid`,
    [id],
  )
  return rows[0] ?? null
}

/** One event with its body and headers. */
export async function findDelivery(db: Queryable, id: string): Promise<StoredDelivery | null> {
  const { rows } = await db.query<StoredDelivery>(
    `SELECT ${columns}, e.raw_body, e.headers FROM tds_inbox_events e WHERE e.id = $1::uuid`,
    [id],
  )
  return rows[0] ?? null
}

/** Takes one event with its body for a change; waits for whoever is changing it, up to the limit on locks. */
export async function lockDelivery(tx: Queryable, id: string): Promise<StoredDelivery | null> {
  const { rows } = await tx.query<StoredDelivery>(
    `SELECT ${columns}, e.raw_body, e.headers FROM tds_inbox_events e WHERE e.id = $1::uuid FOR UPDATE`,
    [id],
  )
  return rows[0] ?? null
}
