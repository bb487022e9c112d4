import { randomUUID } from 'node:crypto'
import {
  claimWork,
  classifyDatabaseError,
  isDatabaseConflict,
  isDatabaseUnavailable,
  lockWaitingEvents,
  releaseWork,
  waitingEvents,
  type Database,
  type LockedEvent,
  type Mover,
  type Transaction,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { backoffMs, codeOf, TdsError } from '@tds/runtime'
import { applyChanges, type ChangeResult, type RecordChange } from '../sync/apply-changes.ts'
import { databaseNow } from '../sync/database-now.ts'
import { followUpReads, type ChangeDone } from '../sync/follow-up-reads.ts'
import { carryEvents, retryPriority } from './carry-events.ts'
import { changeOfEvent } from './event-change.ts'
import { recordFates, type EventFate } from './event-fate.ts'
import { failure, failureOf } from './failure.ts'

/** Events per state that one call brought about; the metrics and the loop's log are derived from it. */
export type ProcessedCounts = Record<string, number>

/** What processing needs to know of its surroundings. */
export interface ProcessingParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly mover: Mover
  /** Attempts and waits before an event is given up on; read at each use, because they change at run time. */
  readonly retry: () => RetryPolicy
}

/** How often and how soon a failing event is tried again. */
export interface RetryPolicy {
  readonly maxAttempts: number
  readonly baseMs: number
  readonly maxMs: number
}

/** Seconds after which a claim counts as left behind: well over a transaction's limit, well under the promised take-over. */
const claimSeconds = 30
/** A conflict is somebody else's success, so trying again soon helps; endless conflicts would be a defect of ours. */
const conflictRetries = 6
/** How long an event waits whose record another session keeps locked. */
const conflictWaitSeconds = 5
/** How soon an event is looked at again that somebody held for a moment. */
const skippedWaitSeconds = 1

/**
 * Processes inbox events: claims them durably, then decides, writes and finishes them in one transaction.
 * What throws is halved until the guilty event stands alone, and that one waits or becomes a dead letter.
 * Throws only when the database is away; then nothing was changed.
 */
export async function processEvents(
  parts: ProcessingParts,
  ids: readonly string[],
  o: { readonly alone?: boolean } = {},
): Promise<{ readonly counts: ProcessedCounts; readonly isolated: string[] }> {
  const alone = o.alone ?? false
  const claimId = randomUUID()
  const claimed = await claimWork(parts.db, {
    claimId,
    daemonId: parts.mover.daemonId,
    eventIds: ids,
    alone,
    ttlSeconds: claimSeconds,
  })
  const isolated = alone ? [] : claimed.filter((event) => event.isolated).map((event) => event.id)
  const mine = claimed.filter((event) => alone || !event.isolated).map((event) => event.id)
  const counts: ProcessedCounts = {}
  if (mine.length > 0) {
    await processSplitting(parts, mine, counts)
    await releaseWork(parts.db, claimId)
  }
  return { counts, isolated }
}

/** Halves what fails until one event stands alone; the others of the batch are applied as if it had not been there. */
async function processSplitting(
  parts: ProcessingParts,
  ids: readonly string[],
  counts: ProcessedCounts,
): Promise<void> {
  try {
    addCounts(counts, await retryConflicts(() => processBatch(parts, ids)))
  } catch (error) {
    if (isDatabaseUnavailable(error) && !isStatementTimeout(error)) throw error
    const [only] = ids
    if (ids.length === 1 && only !== undefined) {
      addCounts(counts, await retryConflicts(() => failAlone(parts, only, error)))
      return
    }
    const middle = Math.ceil(ids.length / 2)
    await processSplitting(parts, ids.slice(0, middle), counts)
    await processSplitting(parts, ids.slice(middle), counts)
  }
}

/** A statement that ran too long may do so because of one event; Postgres itself is there. */
function isStatementTimeout(error: unknown): boolean {
  return codeOf(error) === '57014'
}

/** Waiting for a lock in vain is no reason to wait again at once: the others of the batch go on without that record. */
function isLockTimeout(error: unknown): boolean {
  return codeOf(error) === '55P03'
}

async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isDatabaseConflict(error) || isLockTimeout(error) || attempt > conflictRetries) throw error
      await new Promise((resolve) => setTimeout(resolve, backoffMs({ attempt, baseMs: 10, maxMs: 500 })))
    }
  }
}

async function processBatch(parts: ProcessingParts, ids: readonly string[]): Promise<ProcessedCounts> {
  const startedAt = performance.now()
  return parts.db.transaction(async (tx) => {
    const events = await lockWaitingEvents(tx, ids)
    await carrySkipped(parts, tx, { ids, locked: events })
    if (events.length === 0) return {}
    const now = await databaseNow(tx)
    const readable: { readonly event: LockedEvent; readonly change: RecordChange }[] = []
    const fates: EventFate[] = []
    for (const event of events) {
      try {
        readable.push({ event, change: changeOfEvent(event) })
      } catch (error) {
        if (!(error instanceof TdsError)) throw error
        fates.push({ event, status: 'dead_letter', failure: failureOf(error) })
      }
    }
    const results = await applyChanges(
      tx,
      readable.map(({ change }) => change),
      now,
    )
    const done: ChangeDone[] = []
    readable.forEach(({ event, change }, index) => {
      const result = results[index]
      if (result === undefined) return
      fates.push(fateOf(event, result))
      done.push({ change, result })
    })
    await recordFates(parts, tx, { fates, startedAt, reads: await followUpReads(tx, done) })
    return countFates(fates)
  })
}

/**
 * An event may be skipped because the intake is just counting a duplicate on it, or because a frozen worker holds it:
 * while it still waits it gets a job for a moment later.
 */
async function carrySkipped(
  parts: ProcessingParts,
  tx: Transaction,
  o: { readonly ids: readonly string[]; readonly locked: readonly LockedEvent[] },
): Promise<void> {
  const locked = new Set(o.locked.map((event) => event.id))
  const skipped = o.ids.filter((id) => !locked.has(id))
  if (skipped.length === 0) return
  const eventIds = await waitingEvents(tx, skipped)
  await carryEvents(parts.queue, tx, { eventIds, delaySeconds: skippedWaitSeconds })
}

function fateOf(event: LockedEvent, { decision, owesRead }: ChangeResult): EventFate {
  switch (decision.outcome) {
    case 'reread':
      return { event, status: 'processing', why: decision.why, read: { reason: 'event', delaySeconds: 0 } }
    case 'stale':
      return { event, status: 'stale', why: decision.why }
    case 'unchanged':
    case 'created':
    case 'updated':
    case 'deleted':
    case 'restored': {
      const status = decision.outcome === 'unchanged' ? 'unchanged' : 'applied'
      return owesRead ? { event, status, read: { reason: 'completing', delaySeconds: 0 } } : { event, status }
    }
  }
}

/** The guilty event of a batch: it waits for its next attempt, or is given up on with its reason. */
async function failAlone(parts: ProcessingParts, id: string, error: unknown): Promise<ProcessedCounts> {
  const startedAt = performance.now()
  return parts.db.transaction(async (tx) => {
    const events = await lockWaitingEvents(tx, [id])
    const fates = events.map((event) => fateAfterFailure(event, error, parts.retry()))
    await recordFates(parts, tx, { fates, startedAt })
    for (const fate of fates.filter((one) => one.status === 'retry')) {
      await carryEvents(parts.queue, tx, {
        eventIds: [fate.event.id],
        priority: retryPriority,
        ...(fate.delaySeconds === undefined ? {} : { delaySeconds: fate.delaySeconds }),
      })
    }
    return countFates(fates)
  })
}

function fateAfterFailure(event: LockedEvent, error: unknown, policy: RetryPolicy): EventFate {
  const attempt = event.attempt_count + 1
  const cause = classifyDatabaseError(error)
  const known = failureOf(cause)
  const retries = cause.disposition === 'retry'
  if (isDatabaseConflict(error)) {
    // Somebody else holds the record: that is no attempt of the event's own.
    const why = 'another session holds the record'
    return { event, status: 'retry', failure: known, why, waits: true, delaySeconds: conflictWaitSeconds }
  }
  if (retries && attempt < policy.maxAttempts) {
    const delayMs = backoffMs({ attempt, baseMs: policy.baseMs, maxMs: policy.maxMs })
    return { event, status: 'retry', failure: known, delaySeconds: delayMs / 1000 }
  }
  return {
    event,
    status: 'dead_letter',
    failure: retries
      ? failure(isProgramError(error) ? 'mapping' : 'exhausted', known.code, known.message)
      : known,
  }
}

/** A mistake of ours shows as one of these; what Postgres and the network say has a code. */
function isProgramError(error: unknown): boolean {
  const isPlain = error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
  return isPlain && codeOf(error) === undefined
}

function countFates(fates: readonly EventFate[]): ProcessedCounts {
  const counts: ProcessedCounts = {}
  for (const fate of fates) counts[fate.status] = (counts[fate.status] ?? 0) + 1
  return counts
}

function addCounts(counts: ProcessedCounts, more: ProcessedCounts): void {
  for (const [status, events] of Object.entries(more)) counts[status] = (counts[status] ?? 0) + events
}
