import { findDelivery, transactOrRehearse, type Database } from '@tds/db'
import { noteAction, notFound, type OperatorRequest } from './operator-work.ts'

/**
 * The body of an event exactly as it came. It may hold personal data, so who looked at it is written down.
 *
 * @throws TdsError `event_not_found`.
 */
export async function revealBody(db: Database, eventId: string, request: OperatorRequest): Promise<Buffer> {
  return transactOrRehearse(db, request, async (tx) => {
    const event = await findDelivery(tx, eventId)
    if (event === null) throw notFound(eventId)
    await noteAction(tx, request, {
      action: 'event.reveal',
      subject: eventId,
      facts: { bytes: event.body_bytes },
    })
    return event.raw_body
  })
}
