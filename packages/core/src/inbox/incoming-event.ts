import type { InboxEventWrite } from '@tds/db'
import { eventId, idempotencyKey, unusableKey, type Operation } from './idempotency-key.ts'

/** One delivery on its way into the inbox: the exact bytes, and what was understood of them. */
export type IncomingEvent = Omit<InboxEventWrite, 'duplicates'>

/** What was understood of a usable delivery. */
export interface Understood {
  readonly operation: Operation
  readonly sourceEntityId: string
  readonly sourceVersion: Date | null
  readonly payloadText: string
  readonly contentHash: string
  readonly flags: readonly string[]
}

/** What is known of a delivery besides what it says. */
export type Envelope = Pick<
  IncomingEvent,
  | 'organizationId'
  | 'sourceType'
  | 'entityType'
  | 'rawBody'
  | 'headers'
  | 'remoteAddress'
  | 'signatureVerified'
  | 'requestId'
>

/**
 * The event that a usable delivery becomes: identity, what was understood, and the exact bytes. With a nonce it is an event
 * of its own, whatever was said before, and folds into none.
 */
export function usableEvent(envelope: Envelope, understood: Understood, nonce?: string): IncomingEvent {
  const { organizationId, entityType } = envelope
  const { operation, sourceEntityId, sourceVersion, contentHash, payloadText, flags } = understood
  const identity = {
    organizationId,
    entityType,
    zohoId: sourceEntityId,
    operation,
    sourceVersion,
    contentHash,
  }
  const { key, foldKey } = idempotencyKey(nonce === undefined ? identity : { ...identity, nonce })
  return {
    ...envelope,
    id: eventId(key),
    sourceEntityId,
    operation,
    idempotencyKey: key,
    foldKey: nonce === undefined ? foldKey : null,
    contentHash,
    sourceVersion,
    payload: payloadText,
    status: 'pending',
    errorCode: null,
    errorMessage: null,
    flags,
  }
}

/**
 * Reason of a quarantined delivery whose bytes are kept, but whose content Postgres refused to store, or which a mistake
 * of ours kept from being read. No body is known to cause it; it stands between an authentic delivery and a refusal.
 */
export const unstorableReason = 'unstorable'

/**
 * The same delivery without anything that was read out of it, so that nothing in it can be refused: what an
 * authentic sender sent is kept whatever it contains. With `keepsId` it stays the event that somebody was promised.
 */
export function unstorableEvent(
  event: IncomingEvent,
  { problem, keepsId }: { readonly problem: string; readonly keepsId: boolean },
): IncomingEvent {
  const idempotencyKey = unusableKey({ organizationId: event.organizationId, rawBody: event.rawBody })
  return {
    ...event,
    id: keepsId ? event.id : eventId(idempotencyKey),
    sourceEntityId: null,
    operation: 'upsert',
    idempotencyKey,
    foldKey: null,
    sourceVersion: null,
    payload: null,
    headers: {},
    remoteAddress: null,
    status: 'quarantined',
    errorCode: unstorableReason,
    errorMessage: `Postgres refused the content: ${problem}`.slice(0, 500).toWellFormed(),
    flags: [],
    requestId: null,
  }
}
