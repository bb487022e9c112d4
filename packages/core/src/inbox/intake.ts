import { setTimeout as pause } from 'node:timers/promises'
import { classifyDatabaseError, isDatabaseConflict, type Database } from '@tds/db'
import type { Queue } from '@tds/queue'
import { backoffMs, childLogger, counter, gauge, histogram, messageOf, service, TdsError } from '@tds/runtime'
import type { Service } from '@tds/runtime'
import { isContentFault } from './content-fault.ts'
import { duplicateFolder } from './duplicate-folder.ts'
import { unstorableEvent, type IncomingEvent } from './incoming-event.ts'
import { storeDeliveries, type IntakeAnswer } from './store-deliveries.ts'

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

/** A delivery that has not been answered yet. */
interface Held {
  readonly event: IncomingEvent
  readonly acceptedAt: number
  readonly deadlineAt: number
  readonly resolve: (answer: IntakeAnswer) => void
  readonly reject: (error: TdsError) => void
}

const log = childLogger('core:intake')

/**
 * Gathers deliveries that arrive at the same time into one transaction: what arrives while a lane is busy goes together,
 * in the next one that is free; a lone delivery finds all of them free and does not wait for company.
 * `stop()` takes nothing more and finishes what it holds.
 */
export function createIntake(options: IntakeOptions): Intake {
  const { db, queue, daemonId, maxBatch = 200, maxBatchBytes = 4 * 1024 ** 2, lanes = 2 } = options
  const { maxHeld = 1000, maxHeldBytes = 64 * 1024 ** 2, deadlineMs = 3000 } = options
  const { gatherCount = 28, gatherMs = 3 } = options
  const folder = duplicateFolder(db)
  // In order of arrival, which is the order of their deadlines too.
  const held = new Set<Held>()
  const freeLanes = Array.from({ length: lanes }, (_, lane) => lane)
  let waiting: Held[] = []
  let heldBytes = 0
  let accepting = false
  let flushDue = false
  let gatherTimer: NodeJS.Timeout | undefined
  let deadlineTimer: NodeJS.Timeout | null = null
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
      loads.delete(load)
      await folder.stop()
    },
  })
  return { ...lifecycle, accept }

  function accept(event: IncomingEvent): Promise<IntakeAnswer> {
    if (!accepting) return Promise.reject(closed())
    if (held.size >= maxHeld || heldBytes + event.rawBody.length > maxHeldBytes) {
      return Promise.reject(overloaded(held.size))
    }
    return new Promise((resolve, reject) => {
      const acceptedAt = performance.now()
      const delivery = { event, acceptedAt, deadlineAt: acceptedAt + deadlineMs, resolve, reject }
      held.add(delivery)
      heldBytes += event.rawBody.length
      waiting.push(delivery)
      deadlineTimer ??= setTimeout(refuseOverdue, deadlineMs)
      scheduleFlush()
    })
  }

  // At the end of this turn of the event loop, so that what arrived in the same moment goes together.
  function scheduleFlush(): void {
    if (flushDue || freeLanes.length === 0) return
    flushDue = true
    setImmediate(() => {
      flushDue = false
      flush()
    })
  }

  function flush(): void {
    clearTimeout(gatherTimer)
    while (waiting.length > 0) {
      const gatheringMs = stillToGather()
      if (gatheringMs > 0) {
        gatherTimer = setTimeout(flush, gatheringMs)
        return
      }
      const lane = freeLanes.pop()
      if (lane === undefined) return
      void storeInLane(takeBatch(), lane).then(() => {
        freeLanes.push(lane)
        flush()
        if (isIdle()) tellIdle?.()
      })
    }
  }

  /** Milliseconds that what waits should go on gathering; 0 when it is enough, or nothing is under way that it could wait for. */
  function stillToGather(): number {
    const [oldest] = waiting
    if (freeLanes.length === lanes || oldest === undefined || waiting.length >= gatherCount) return 0
    return Math.max(0, gatherMs - (performance.now() - oldest.acceptedAt))
  }

  function takeBatch(): Held[] {
    let bytes = 0
    const end = waiting.findIndex((delivery, index) => {
      bytes += delivery.event.rawBody.length
      return index === maxBatch || (index > 0 && bytes > maxBatchBytes)
    })
    const batch = end === -1 ? waiting : waiting.slice(0, end)
    waiting = end === -1 ? [] : waiting.slice(end)
    return batch
  }

  async function storeInLane(batch: readonly Held[], lane: number): Promise<void> {
    try {
      await storeOrHalve(batch, lane)
    } catch (error) {
      log.error('deliveries could not be stored', { deliveries: batch.length, error })
      const refusal = classifyDatabaseError(error)
      for (const delivery of batch) if (release(delivery)) delivery.reject(refusal)
    }
  }

  // Content that Postgres refuses is found by halving; the one delivery that is left is stored as bytes alone.
  async function storeOrHalve(batch: readonly Held[], lane: number): Promise<void> {
    try {
      await storeInTime(batch, { lane, eventOf: (delivery) => delivery.event })
    } catch (error) {
      if (!isContentFault(error)) throw error
      if (batch.length === 1) {
        log.warn('Postgres refused the content of a delivery, its bytes are kept', { error })
        await storeInTime(batch, { lane, eventOf: ({ event }) => unstorableEvent(event, messageOf(error)) })
        return
      }
      const middle = Math.ceil(batch.length / 2)
      await storeOrHalve(batch.slice(0, middle), lane)
      await storeOrHalve(batch.slice(middle), lane)
    }
  }

  // Tries again as long as anybody waits for the answer; who has been refused meanwhile is left out.
  async function storeInTime(
    batch: readonly Held[],
    { lane, eventOf }: { lane: number; eventOf: (delivery: Held) => IncomingEvent },
  ): Promise<void> {
    let mayBeStored = false
    for (let attempt = 1; ; attempt += 1) {
      const open = batch.filter((delivery) => held.has(delivery))
      if (open.length === 0) return
      try {
        const startedAt = performance.now()
        const parts = { db, queue, mover: { daemonId, lane } }
        const isWanted = (): boolean => open.some((delivery) => held.has(delivery))
        const answers = await storeDeliveries(parts, open.map(eventOf), {
          mayBeStored,
          lookFirst: attempt > 1,
          isWanted,
        })
        batchSizes.observe(open.length)
        batchSeconds.observe((performance.now() - startedAt) / 1000)
        answerAll(open, answers)
        return
      } catch (error) {
        if (!passesByItself(error)) throw error
        // Only what the server itself has reported is known to be rolled back.
        mayBeStored ||= !isDatabaseConflict(error)
        retries.inc()
        log.warn('deliveries are stored again', { deliveries: open.length, attempt, error })
      }
      await pause(backoffMs({ attempt, baseMs: 50, maxMs: 500 }))
    }
  }

  function answerAll(deliveries: readonly Held[], answers: readonly IntakeAnswer[]): void {
    for (const [index, delivery] of deliveries.entries()) {
      const answer = answers[index]
      if (answer !== undefined && release(delivery)) delivery.resolve(answer)
    }
  }

  function refuseOverdue(): void {
    deadlineTimer = null
    const now = performance.now()
    for (const delivery of held) {
      if (delivery.deadlineAt > now) {
        deadlineTimer = setTimeout(refuseOverdue, Math.ceil(delivery.deadlineAt - now))
        break
      }
      if (release(delivery)) delivery.reject(tooLate(deadlineMs))
    }
    waiting = waiting.filter((delivery) => held.has(delivery))
    if (isIdle()) tellIdle?.()
  }

  /** False for a delivery that has been answered already. */
  function release(delivery: Held): boolean {
    if (!held.delete(delivery)) return false
    heldBytes -= delivery.event.rawBody.length
    return true
  }

  async function untilIdle(): Promise<void> {
    if (!isIdle()) {
      await new Promise<void>((resolve) => {
        tellIdle = resolve
      })
    }
    tellIdle = null
    if (deadlineTimer !== null) clearTimeout(deadlineTimer)
    deadlineTimer = null
  }

  function isIdle(): boolean {
    return held.size === 0 && freeLanes.length === lanes
  }

  function load(): Load {
    return { waiting: waiting.length, storing: held.size - waiting.length }
  }
}

/** Deliveries not answered yet: those without and those with a lane. */
interface Load {
  readonly waiting: number
  readonly storing: number
}

/** Of every intake that runs in this process. */
const loads = new Set<() => Load>()

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

// What is no error of the database's is a mistake of ours, which trying again does not correct.
function passesByItself(error: unknown): boolean {
  const { code, disposition } = classifyDatabaseError(error)
  return disposition === 'retry' && code !== 'unexpected'
}

function closed(): TdsError {
  return new TdsError('The intake does not run', {
    code: 'intake_closed',
    disposition: 'retry',
    nextStep: 'Deliver again: the daemon is starting or stopping.',
  })
}

function overloaded(deliveries: number): TdsError {
  return new TdsError('Too many deliveries wait to be stored', {
    code: 'intake_overloaded',
    disposition: 'retry',
    nextStep: 'Deliver again later. If it lasts, see what keeps Postgres busy, or run another api.',
    facts: { deliveries },
  })
}

function tooLate(deadlineMs: number): TdsError {
  return new TdsError(`The delivery could not be stored within ${String(deadlineMs)} ms`, {
    code: 'intake_deadline',
    disposition: 'retry',
    nextStep: 'Deliver again later; see whether Postgres is reachable and answers.',
  })
}
