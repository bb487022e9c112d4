import { hash, randomUUID } from 'node:crypto'
import { sha256Hex } from '../json/index.ts'

/** What the source or a person says was done to the record; `upsert` where the delivery does not say. */
export type Operation = 'create' | 'update' | 'delete' | 'upsert'

/** The parts of a usable event's identity. */
export interface EventIdentity {
  readonly organizationId: string
  readonly entityType: string
  readonly zohoId: string
  readonly operation: Operation
  /** Zoho's `last_modified_time`, or null where the body carries none. */
  readonly sourceVersion: Date | null
  /** The delivery hash: SHA-256 of the body's canonical form. */
  readonly contentHash: string
  /** Given for events made from a read or a replay, and for a spooled one as kept in its record. */
  readonly nonce?: string
}

/** An event's key, and what it is folded by while it waits. */
export interface IdempotencyKey {
  /** Unique per organisation: a second event with it is a duplicate. */
  readonly key: string
  /** The key without its nonce; null where there is none and the key itself tells duplicates. */
  readonly foldKey: string | null
  /** What was drawn or given; a spool record must keep it. */
  readonly nonce: string | null
}

/**
 * The identity of an event: organisation : entity : id : operation : source version : delivery hash.
 * A thin body looks the same for every change, and a record can go from A to B and back to A; so whatever has no
 * version, and every delete, ends in a random nonce and is never taken for one that was already processed.
 */
export function idempotencyKey(event: EventIdentity): IdempotencyKey {
  const parts = [event.organizationId, event.entityType, event.zohoId, event.operation].map(escaped)
  // The version has a fixed form, so that its colons need no escape and the key stays legible.
  const version = event.sourceVersion?.toISOString() ?? ''
  const foldKey = [...parts, version, escaped(event.contentHash)].join(':')
  const nonce = event.nonce ?? (needsNonce(event) ? randomUUID() : null)
  return nonce === null
    ? { key: foldKey, foldKey: null, nonce }
    : { key: `${foldKey}:${escaped(nonce)}`, foldKey, nonce }
}

/** The identity of a delivery that cannot be used: repeats of the same bytes fold into one row. */
export function unusableKey(delivery: {
  readonly organizationId: string
  readonly rawBody: Uint8Array
}): string {
  return `${escaped(delivery.organizationId)}:unusable:${sha256Hex(delivery.rawBody)}`
}

/** The id of the event with this key (UUIDv5): on every machine and at any time the same, so that a spooled copy and its original are one. */
export function eventId(key: string): string {
  // RFC 9562, 5.5: SHA-1 of namespace and name, cut to 16 bytes, with version and variant written over it.
  const digest = hash('sha1', Buffer.concat([eventNamespace, Buffer.from(key)]))
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16)
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `5${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-')
}

// Must never change: ids in spools and in other systems' logs were made with it.
const eventNamespace = Buffer.from('32a0ba828a944b5ebe92c26a26dc30ce', 'hex')

function needsNonce(event: EventIdentity): boolean {
  return event.sourceVersion === null || event.operation === 'delete'
}

/** Keeps a colon inside a part from being read as the end of it. */
function escaped(part: string): string {
  return part.replaceAll('%', '%25').replaceAll(':', '%3A')
}
