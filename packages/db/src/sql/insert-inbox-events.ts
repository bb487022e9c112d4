import type { Queryable } from '../queryable.ts'
import type { Mover } from './move-inbox-events.ts'

/** One delivery as a row of `tds_inbox_events`. */
export interface InboxEventWrite {
  readonly id: string
  readonly organizationId: string
  readonly sourceType: 'zoho' | 'manual' | 'scheduled' | 'reconciliation'
  readonly entityType: string
  readonly sourceEntityId: string | null
  readonly operation: 'create' | 'update' | 'delete' | 'upsert'
  readonly idempotencyKey: string
  /** Set only by live intake: the row then takes in twins until its first claim. */
  readonly foldKey: string | null
  readonly contentHash: string
  readonly sourceVersion: Date | null
  readonly rawBody: Buffer
  /** JSON text, or null where the body is unusable. */
  readonly payload: string | null
  /** Secrets masked. */
  readonly headers: Readonly<Record<string, string>>
  readonly remoteAddress: string | null
  readonly signatureVerified: boolean
  readonly status: 'pending' | 'quarantined'
  readonly errorCode: string | null
  readonly errorMessage: string | null
  /** Words without commas. */
  readonly flags: readonly string[]
  readonly requestId: string | null
  /** Further deliveries of the same thing that came in the same batch. */
  readonly duplicates: number
}

/**
 * Inserts deliveries and counts them by minute of receipt and state, in one statement. What is already there, by
 * its idempotency key or as a twin that can still be folded into, is left out: the ids returned are the new ones.
 *
 * The caller sorts the rows by what they may collide on, so that two inserts never wait for each other crosswise. An
 * insert that meets a row which somebody has changed and not committed waits for that, up to the limit on locks;
 * with `lookFirst` rows that are there are left out beforehand, which costs more and never waits for them.
 * Throws what Postgres says of a value that it refuses (SQLSTATE classes 22 and 23); then nothing was inserted.
 */
export async function insertInboxEvents(
  tx: Queryable,
  events: readonly InboxEventWrite[],
  o: Mover & { readonly lookFirst?: boolean },
): Promise<Set<string>> {
  const bytes = packer()
  const rawBodies = events.map((event) => bytes.add(event.rawBody))
  const payloads = events.map((event, index) => packPayload(bytes, event, rawBodies[index]))
  const headers = events.map((event) => bytes.add(Buffer.from(JSON.stringify(event.headers))))
  const values = [
    events.map((event) => event.id),
    events.map((event) => event.organizationId),
    events.map((event) => event.sourceType),
    events.map((event) => event.entityType),
    events.map((event) => event.sourceEntityId),
    events.map((event) => event.operation),
    events.map((event) => event.idempotencyKey),
    events.map((event) => event.foldKey),
    events.map((event) => event.contentHash),
    events.map((event) => event.sourceVersion?.toISOString() ?? null),
    events.map((event) => event.remoteAddress),
    events.map((event) => event.signatureVerified),
    events.map((event) => event.status),
    events.map((event) => event.errorCode),
    events.map((event) => event.errorMessage),
    events.map((event) => event.flags.join(',')),
    events.map((event) => event.requestId),
    events.map((event) => event.duplicates),
    bytes.all(),
    rawBodies.map((part) => part.start),
    rawBodies.map((part) => part.length),
    payloads.map((part) => part?.start ?? null),
    payloads.map((part) => part?.length ?? null),
    headers.map((part) => part.start),
    headers.map((part) => part.length),
    o.daemonId,
    o.lane,
  ]
  // The one that looks is not prepared: a plan kept from when the table was small would go on scanning it whole.
  const { rows } = await (o.lookFirst === true
    ? tx.query<{ id: string }>(lookingInsert, values)
    : tx.query<{ id: string }>(plainInsert, values, { name: 'insert_inbox_events' }))
  return new Set(rows.map((row) => row.id))
}

/*
 * Bodies, payloads and headers travel as one bytea and are cut out of it by position: as elements of arrays they
 * would be written in hex or escaped, which costs both sides half as much time again.
 */
function insertText(condition: string): string {
  return `
  WITH inserted AS (
    INSERT INTO tds_inbox_events (
      id, organization_id, source_type, entity_type, source_entity_id, operation_type, idempotency_key, fold_key,
      foldable, content_hash, source_version, raw_body, payload, headers, remote_address, signature_verified, status,
      error_code, error_message, flags, request_id, duplicate_count, last_duplicate_at
    )
    SELECT i.id, i.organization_id, i.source_type, i.entity_type, i.source_entity_id, i.operation_type,
           i.idempotency_key, i.fold_key, i.fold_key IS NOT NULL, i.content_hash, i.source_version,
           substring($19::bytea FROM i.raw_start FOR i.raw_length),
           convert_from(substring($19::bytea FROM i.payload_start FOR i.payload_length), 'UTF8')::jsonb,
           convert_from(substring($19::bytea FROM i.headers_start FOR i.headers_length), 'UTF8')::jsonb,
           i.remote_address, i.signature_verified, i.status, i.error_code, i.error_message,
           string_to_array(i.flags, ','), i.request_id, i.duplicates,
           CASE WHEN i.duplicates > 0 THEN tds_now() END
      FROM unnest(
             $1::uuid[], $2::text[], $3::tds_source_type[], $4::tds_entity_type[], $5::text[],
             $6::tds_operation_type[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::inet[],
             $12::boolean[], $13::tds_event_status[], $14::text[], $15::text[], $16::text[], $17::text[], $18::int[],
             $20::int[], $21::int[], $22::int[], $23::int[], $24::int[], $25::int[]
           ) WITH ORDINALITY AS i (
             id, organization_id, source_type, entity_type, source_entity_id,
             operation_type, idempotency_key, fold_key, content_hash, source_version, remote_address,
             signature_verified, status, error_code, error_message, flags, request_id, duplicates,
             raw_start, raw_length, payload_start, payload_length, headers_start, headers_length, position
           )
     ${condition}
     ORDER BY i.position
        ON CONFLICT DO NOTHING
    RETURNING id, status, received_at
  ), counted AS (
    INSERT INTO tds_event_counts AS c (minute, status, daemon_id, lane, events)
    SELECT date_trunc('minute', received_at), status, $26::uuid, $27::smallint, count(*)
      FROM inserted
     GROUP BY 1, 2
     ORDER BY 1, 2
        ON CONFLICT (minute, status, daemon_id, lane) DO UPDATE SET events = c.events + excluded.events
  )
  SELECT id FROM inserted`
}

// What keeps rows unique are the indexes, with or without this.
const unlessThere = `WHERE NOT EXISTS (
             SELECT FROM tds_inbox_events e
              WHERE e.organization_id = i.organization_id AND e.idempotency_key = i.idempotency_key
           )
       AND NOT EXISTS (
             SELECT FROM tds_inbox_events e
              WHERE e.organization_id = i.organization_id AND e.fold_key = i.fold_key AND e.foldable
           )`

const plainInsert = insertText('')
const lookingInsert = insertText(unlessThere)

/** Where one part of the packed bytes lies, counted from 1 as SQL's substring does. */
interface PackedPart {
  readonly start: number
  readonly length: number
}

interface Packer {
  add(part: Buffer): PackedPart
  all(): Buffer
}

function packer(): Packer {
  const parts: Buffer[] = []
  let next = 1
  return {
    add(part) {
      parts.push(part)
      const packed = { start: next, length: part.length }
      next += part.length
      return packed
    },
    all: () => Buffer.concat(parts),
  }
}

// Most payloads are the body itself, which then travels once.
function packPayload(
  bytes: Packer,
  event: InboxEventWrite,
  rawBody: PackedPart | undefined,
): PackedPart | undefined {
  if (event.payload === null) return undefined
  const payload = Buffer.from(event.payload)
  return rawBody !== undefined && payload.equals(event.rawBody) ? rawBody : bytes.add(payload)
}
