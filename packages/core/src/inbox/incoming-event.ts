import type { InboxEventWrite } from '@tds/db'
import { eventId, unusableKey } from './idempotency-key.ts'

/** One delivery on its way into the inbox: the exact bytes, and what was understood of them. */
export type IncomingEvent = Omit<InboxEventWrite, 'duplicates'>

/**
 * Reason of a quarantined delivery whose bytes are kept, but whose content Postgres refused to store. No body is
 * known to cause it; it stands between an authentic delivery and a refusal.
 */
export const unstorableReason = 'unstorable'

/**
 * The same delivery without anything that was read out of it, so that nothing in it can be refused: what an
 * authentic sender sent is kept whatever it contains.
 */
export function unstorableEvent(event: IncomingEvent, problem: string): IncomingEvent {
  const idempotencyKey = unusableKey({ organizationId: event.organizationId, rawBody: event.rawBody })
  return {
    ...event,
    id: eventId(idempotencyKey),
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
