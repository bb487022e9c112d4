import { holdDeliveries, type HeldDelivery } from './held-deliveries.ts'
import type { IncomingEvent } from './incoming-event.ts'
import type { IntakeAnswer, StoreParts } from './store-deliveries.ts'
import { storeHeld } from './store-held.ts'

/** Nobody waits for an answer to what was spooled; this only bounds how long one pass holds on to a Postgres that is ill. */
const patienceMs = 20_000

/** What storing spooled deliveries needs of its surroundings. */
export type StoreSpooledParts = Omit<StoreParts, 'arePromised'>

/**
 * Stores deliveries that were answered from the spool, in one transaction and in the order given, as live intake would have:
 * with counters, jobs, and content that Postgres refuses in quarantine. What is there already, because an earlier attempt
 * was committed after all, stays the one row that it is. They never fold and are never folded into.
 *
 * Throws TdsError when they could not be stored within twenty seconds; some of them may be stored, and storing all of them
 * again is safe.
 */
export async function storeSpooled(
  parts: StoreSpooledParts,
  events: readonly IncomingEvent[],
): Promise<IntakeAnswer[]> {
  const unlimited = { maxHeld: Infinity, maxHeldBytes: Infinity, deadlineMs: patienceMs }
  const held = holdDeliveries(unlimited, () => undefined)
  const batch: HeldDelivery[] = []
  const answers = events.map(
    async (event) =>
      new Promise<IntakeAnswer>((resolve, reject) => {
        batch.push(held.hold({ ...event, foldKey: null }, resolve, reject))
      }),
  )
  const settled = Promise.all(answers)
  try {
    await Promise.all([storeHeld({ ...parts, arePromised: true }, held, batch), settled])
  } finally {
    held.close()
  }
  return settled
}
