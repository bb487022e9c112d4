import { setTimeout as pause } from 'node:timers/promises'
import { classifyDatabaseError, isDatabaseConflict } from '@tds/db'
import { backoffMs, childLogger, counter, histogram, messageOf } from '@tds/runtime'
import { isContentFault } from './content-fault.ts'
import type { HeldDeliveries, HeldDelivery } from './held-deliveries.ts'
import { unstorableEvent, type IncomingEvent } from './incoming-event.ts'
import { storeDeliveries, type StoreParts } from './store-deliveries.ts'

const log = childLogger('core:intake')

/**
 * Stores a batch in one transaction and answers each of its deliveries after the commit. Content that Postgres refuses is
 * found by halving; a transaction that breaks is tried again as long as anybody waits. What cannot be stored is refused:
 * this never fails.
 */
export async function storeHeld(
  parts: StoreParts,
  held: HeldDeliveries,
  batch: readonly HeldDelivery[],
): Promise<void> {
  try {
    await storeOrHalve({ parts, held }, batch)
  } catch (error) {
    log.error('deliveries could not be stored', { deliveries: batch.length, error })
    const refusal = classifyDatabaseError(error)
    for (const delivery of batch) held.refuse(delivery, refusal)
  }
}

interface Storing {
  readonly parts: StoreParts
  readonly held: HeldDeliveries
}

// The one delivery that is left of the halving is stored as bytes alone.
async function storeOrHalve(storing: Storing, batch: readonly HeldDelivery[]): Promise<void> {
  try {
    await storeInTime(storing, batch, ({ event }) => event)
  } catch (error) {
    if (!isContentFault(error)) throw error
    if (batch.length === 1) {
      log.warn('Postgres refused the content of a delivery, its bytes are kept', { error })
      const keepsId = storing.parts.arePromised === true
      await storeInTime(storing, batch, ({ event }) =>
        unstorableEvent(event, { problem: messageOf(error), keepsId }),
      )
      return
    }
    const middle = Math.ceil(batch.length / 2)
    await storeOrHalve(storing, batch.slice(0, middle))
    await storeOrHalve(storing, batch.slice(middle))
  }
}

// Tries again as long as anybody waits for the answer; who has been refused meanwhile is left out.
async function storeInTime(
  { parts, held }: Storing,
  batch: readonly HeldDelivery[],
  eventOf: (delivery: HeldDelivery) => IncomingEvent,
): Promise<void> {
  const isHeld = (delivery: HeldDelivery): boolean => held.has(delivery)
  let mayBeStored = parts.arePromised === true
  for (let attempt = 1; ; attempt += 1) {
    const open = batch.filter(isHeld)
    if (open.length === 0) return
    try {
      const startedAt = performance.now()
      const isWanted = (): boolean => open.some(isHeld)
      const options = { mayBeStored, lookFirst: attempt > 1, isWanted }
      const answers = await storeDeliveries(parts, open.map(eventOf), options)
      batchSizes.observe(open.length)
      batchSeconds.observe((performance.now() - startedAt) / 1000)
      for (const [index, delivery] of open.entries()) {
        const answer = answers[index]
        if (answer !== undefined) held.answer(delivery, answer)
      }
      return
    } catch (error) {
      if (!passesByItself(error)) throw error
      // Only what the server itself has reported is known to be rolled back.
      mayBeStored ||= !isDatabaseConflict(error)
      retries.inc()
      parts.onSetback?.(error)
      log.warn('deliveries are stored again', { deliveries: open.length, attempt, error })
    }
    await pause(backoffMs({ attempt, baseMs: 50, maxMs: 500 }))
  }
}

// What is no error of the database's is a mistake of ours, which trying again does not correct.
function passesByItself(error: unknown): boolean {
  const { code, disposition } = classifyDatabaseError(error)
  return disposition === 'retry' && code !== 'unexpected'
}

const batchSizes = histogram({
  name: 'tds_intake_batch_events',
  help: 'Deliveries stored in one transaction.',
  buckets: [1, 2, 5, 10, 20, 50, 100, 200],
})
const batchSeconds = histogram({
  name: 'tds_intake_batch_seconds',
  help: 'Duration of one transaction of the intake.',
})
const retries = counter({
  name: 'tds_intake_retries_total',
  help: 'Transactions of the intake that failed and were tried again.',
})
