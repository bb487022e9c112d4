import { transactOrRehearse } from '@tds/db'
import {
  discardEvents,
  lockQuarantined,
  noteAction,
  type OperatorParts,
  type OperatorRequest,
} from './operator-work.ts'

/** An event that was discarded, or would be. */
export interface DiscardResult {
  readonly eventId: string
  /** Why it was in quarantine. */
  readonly reason: string | null
}

/**
 * Ends a quarantined event for good, with a person's reason. Nothing is applied; the row stays until retention. If the same
 * bytes come again, they are in quarantine again.
 *
 * @throws TdsError `event_not_found`, `event_settled`.
 */
export async function discardQuarantined(
  parts: OperatorParts,
  eventId: string,
  request: OperatorRequest & { readonly reason: string },
): Promise<DiscardResult> {
  return transactOrRehearse(parts.db, request, async (tx) => {
    const event = await lockQuarantined(tx, eventId)
    await discardEvents(tx, parts, { events: [event], why: request.reason })
    const facts = { reason: event.error_code, entityType: event.entity_type }
    await noteAction(tx, request, { action: 'quarantine.discard', subject: eventId, facts })
    return { eventId, reason: event.error_code }
  })
}
