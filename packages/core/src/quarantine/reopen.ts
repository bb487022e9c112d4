import { lockRedeliveredEvents, moveInboxEvents, type Mover, type Transaction } from '@tds/db'

const mostAtOnce = 1000

/**
 * Puts what was delivered again after a person had discarded it back into quarantine, and returns how many. The same
 * bytes may be about something else this time: an empty body looks the same for every record.
 */
export async function reopenRedelivered(tx: Transaction, mover: Mover): Promise<number> {
  const events = await lockRedeliveredEvents(tx, mostAtOnce)
  const moves = events.map((event) => ({
    ...event,
    from: event.status,
    to: 'quarantined',
    attempts: 0,
    reads: 0,
    awaiting_read: false,
    next_attempt_in: null,
  }))
  await moveInboxEvents(tx, moves, mover)
  return events.length
}
