import type { Database } from '@tds/db'
import type { Queue } from '@tds/queue'
import { gauge, service, TdsError, type Service } from '@tds/runtime'
import { duplicateFolder } from './duplicate-folder.ts'
import { createGatheringLanes } from './gathering-lanes.ts'
import { holdDeliveries } from './held-deliveries.ts'
import type { IncomingEvent } from './incoming-event.ts'
import type { IntakeAnswer } from './store-deliveries.ts'
import { storeHeld } from './store-held.ts'

/** What the intake is made of; the limits have defaults. */
export interface IntakeOptions {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  /** Owner of the counter rows. */
  readonly daemonId: string
  /** Most deliveries in one transaction, default 200. */
  readonly maxBatch?: number | undefined
  /** Most bytes of bodies in one transaction, default 4 MiB; a larger body still goes, alone. */
  readonly maxBatchBytes?: number | undefined
  /**
   * Transactions at the same time, default 2: with one, the api and Postgres would take turns, and one that hangs would
   * hold up everything. More only make the batches smaller.
   */
  readonly lanes?: number | undefined
  /**
   * While another lane is busy, a transaction begins with so many deliveries at least, default 28, or as soon as the oldest
   * has waited `gatherMs`, default 3: many small ones cost more than the wait. When no lane is busy nobody waits.
   */
  readonly gatherCount?: number | undefined
  readonly gatherMs?: number | undefined
  /** Deliveries held at most, waiting and in flight, default 1,000; further ones are refused at once. */
  readonly maxHeld?: number | undefined
  /** Bytes of bodies held at most, default 64 MiB. */
  readonly maxHeldBytes?: number | undefined
  /** Time within which a delivery is committed or refused, in milliseconds; default 3,000. */
  readonly deadlineMs?: number | undefined
}

/** Takes deliveries into the inbox. */
export interface Intake extends Service {
  /**
   * Resolves after the commit that holds the delivery. Throws TdsError with disposition `retry` when it could not
   * be stored in time (`intake_deadline`), too many wait already (`intake_overloaded`) or the intake does not run
   * (`intake_closed`): then nothing was promised.
   */
  accept(event: IncomingEvent): Promise<IntakeAnswer>
}

/**
 * Gathers deliveries that arrive at the same time into one transaction, and answers each after the commit or at its deadline.
 * `stop()` takes nothing more and finishes what it holds.
 */
export function createIntake(options: IntakeOptions): Intake {
  const { db, queue, daemonId, maxBatch = 200, maxBatchBytes = 4 * 1024 ** 2, lanes = 2 } = options
  const { maxHeld = 1000, maxHeldBytes = 64 * 1024 ** 2, deadlineMs = 3000 } = options
  const { gatherCount = 28, gatherMs = 3 } = options
  const folder = duplicateFolder(db)
  const held = holdDeliveries({ maxHeld, maxHeldBytes, deadlineMs }, () => {
    gathering.keepOnly((delivery) => held.has(delivery))
    tellIfIdle()
  })
  const gathering = createGatheringLanes({
    lanes,
    maxBatch,
    maxBatchBytes,
    gatherCount,
    gatherMs,
    store: async (batch, lane) => storeHeld({ db, queue, mover: { daemonId, lane } }, held, batch),
    onStored: tellIfIdle,
  })
  let accepting = false
  let tellIdle: (() => void) | null = null

  const lifecycle = service({
    name: 'intake',
    start: async () => {
      await folder.start()
      loads.add(load)
      accepting = true
    },
    stop: async () => {
      accepting = false
      await untilIdle()
      held.close()
      loads.delete(load)
      await folder.stop()
    },
  })
  return { ...lifecycle, accept }

  function accept(event: IncomingEvent): Promise<IntakeAnswer> {
    const refusal = accepting ? held.refusalOf(event) : closed()
    if (refusal !== null) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      gathering.add(held.hold(event, resolve, reject))
    })
  }

  async function untilIdle(): Promise<void> {
    if (!isIdle()) {
      await new Promise<void>((resolve) => {
        tellIdle = resolve
      })
    }
    tellIdle = null
  }

  function tellIfIdle(): void {
    if (isIdle()) tellIdle?.()
  }

  function isIdle(): boolean {
    return held.count() === 0 && gathering.areFree()
  }

  function load(): Load {
    const waiting = gathering.waiting()
    return { waiting, storing: held.count() - waiting }
  }
}

/** Deliveries not answered yet: those without and those with a lane. */
interface Load {
  readonly waiting: number
  readonly storing: number
}

/** Of every intake that runs in this process. */
const loads = new Set<() => Load>()

gauge({
  name: 'tds_intake_held_events',
  help: 'Deliveries not answered yet: waiting for a transaction, or being stored by one.',
  labelNames: ['state'],
  collect: (held) => {
    const now = [...loads].map((load) => load())
    held.set(
      { state: 'waiting' },
      now.reduce((sum, load) => sum + load.waiting, 0),
    )
    held.set(
      { state: 'storing' },
      now.reduce((sum, load) => sum + load.storing, 0),
    )
  },
})

function closed(): TdsError {
  return new TdsError('The intake does not run', {
    code: 'intake_closed',
    disposition: 'retry',
    nextStep: 'Deliver again: the daemon is starting or stopping.',
  })
}
