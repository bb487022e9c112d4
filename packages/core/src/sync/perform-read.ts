import {
  claimRead,
  dueReadReason,
  isDatabaseConflict,
  lockEventsAwaitingRead,
  postponeRead,
  settleRead,
  type ClaimedRead,
  type Database,
  type LockedEvent,
  type Mover,
  type OwedReadKey,
  type Transaction,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { backoffMs, TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { entityOf } from '../entities/index.ts'
import { mapRecord } from '../entities/map-record.ts'
import { causeOf } from '../inbox/event-change.ts'
import { recordFates, type EventFate } from '../inbox/event-fate.ts'
import { eventOfRead } from '../inbox/event-of-read.ts'
import { failureOf, type Failure } from '../inbox/failure.ts'
import type { ExactObject } from '../json/index.ts'
import { applyChanges, type ChangeResult } from './apply-changes.ts'
import { askForReads, sendReads } from './ask-for-reads.ts'
import type { ChangeCause, Saying } from './change.ts'
import { databaseNow } from './database-now.ts'
import { readInstant } from './instant.ts'
import type { CallLane, RecordAnswer, RecordSource } from './record-source.ts'

/** What reading needs to know of its surroundings. */
export interface ReadingParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly source: RecordSource
  readonly mover: Mover
}

/** What one owed read came to: `not-due` when nothing was owed or another daemon has it. */
export type ReadOutcome =
  'not-due' | 'postponed' | 'applied' | 'unchanged' | 'stale' | 'waiting' | 'dead_letter'

/** Seconds for which a read is this daemon's; a call to Zoho ends well before. */
const claimSeconds = 25
/** Zoho's detail may lag behind its own webhook: an answer that decides nothing is asked for once more after this. */
const secondLookSeconds = 10
/** How long an answer older than the event that asked may stay so before the event becomes a dead letter. */
const laggingAnswerLimitMs = 10 * 60_000

/**
 * Performs the read that a record is owed: claims it durably, asks the source with no transaction open, then applies the
 * answer and settles every event that was received before the request was sent, in one transaction.
 */
export async function performRead(
  parts: ReadingParts,
  key: OwedReadKey,
  signal: AbortSignal,
): Promise<ReadOutcome> {
  const entity = entityOf(key.entityType)
  if (entity === undefined) return 'not-due'
  const reason = await dueReadReason(parts.db, key)
  if (reason === null) return 'not-due'
  const { daemonId } = parts.mover
  const call = await parts.source.admit({
    organizationId: key.organizationId,
    entity,
    lane: lanes[reason],
    signal,
  })
  const claim = await claimRead(parts.db, key, { daemonId, ttlSeconds: claimSeconds })
  if (claim === null) {
    await call.release()
    return 'not-due'
  }
  const startedAt = performance.now()
  let answer: RecordAnswer
  try {
    answer = await call.read(key.zohoId)
  } catch (error) {
    return failRead(parts, { key, entity, claim, error, startedAt, record: null })
  }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await parts.db.transaction((tx) => settle(parts, tx, { key, entity, claim, answer, startedAt }))
    } catch (error) {
      if (isDatabaseConflict(error) && attempt <= 5) continue
      if (error instanceof TdsError && error.disposition === 'dead-letter') {
        const record = answer.kind === 'found' ? answer.record : null
        return failRead(parts, { key, entity, claim, error, startedAt, record })
      }
      throw error
    }
  }
}

const lanes: Readonly<Record<ClaimedRead['reason'], CallLane>> = {
  event: 'reread',
  completing: 'reread',
  repeat: 'reread',
  parent: 'reread',
  ripple: 'ripple',
}

interface Answered {
  readonly key: OwedReadKey
  readonly entity: EntityDefinition
  readonly claim: ClaimedRead
  readonly answer: RecordAnswer
  readonly startedAt: number
}

async function settle(parts: ReadingParts, tx: Transaction, read: Answered): Promise<ReadOutcome> {
  const { key, entity, claim, answer } = read
  const events = await lockEventsAwaitingRead(tx, key, claim.sent_at)
  const says: Saying =
    answer.kind === 'found'
      ? { kind: 'content', record: mapRecord(entity, answer.record, 'detail') }
      : { kind: 'not-there' }
  if (says.kind === 'not-there' && deservesSecondLook(events)) {
    return keepWaiting(parts, tx, {
      read,
      events,
      delaySeconds: secondLookSeconds,
      why: 'the record is not there yet',
    })
  }
  const newest = events.at(-1)
  const [result] = await applyChanges(
    tx,
    [
      {
        entity,
        organizationId: key.organizationId,
        zohoId: key.zohoId,
        origin: 'detail',
        says,
        cause: newest === undefined ? readCauses[claim.reason] : causeOf(newest),
        lookedAt: readInstant(claim.sent_at),
        eventId: newest?.id ?? claim.event_id,
        runId: newest?.sync_run_id ?? null,
        actor: 'worker',
        reason: newest === undefined ? 'completing read' : 're-read asked for by an event',
        requestId: newest?.request_id ?? null,
      },
    ],
    await databaseNow(tx),
  )
  if (result === undefined) throw new RangeError('applying one change gave no result')
  const fates = events.map((event) => fateOfAnswered(event, { says, result, isNewest: event === newest }))
  await closeRead(parts, tx, read)
  await recordFates(parts, tx, { fates, startedAt: read.startedAt })
  return outcomeOf(result, fates)
}

/** Reads that no event asked for belong to the webhook whose partial body left the row incomplete. */
const readCauses: Readonly<Record<ClaimedRead['reason'], ChangeCause>> = {
  event: 'webhook',
  completing: 'webhook',
  repeat: 'webhook',
  parent: 'webhook',
  ripple: 'drift',
}

/** "Not there" answers a delete at once; anything else may only be early. */
function deservesSecondLook(events: readonly LockedEvent[]): boolean {
  if (events.some((event) => event.operation_type === 'delete')) return false
  return events.some((event) => event.reads === 0)
}

interface AnsweredEvent {
  readonly says: Saying
  readonly result: ChangeResult
  readonly isNewest: boolean
}

function fateOfAnswered(event: LockedEvent, { says, result, isNewest }: AnsweredEvent): EventFate {
  const { decision } = result
  const applied =
    decision.outcome !== 'unchanged' && decision.outcome !== 'stale' && decision.outcome !== 'reread'
  if (says.kind === 'content') {
    if (isLagging(event, says.record.version)) return lagging(event)
    const stillThere = event.operation_type === 'delete'
    const nothingNew = event.source_version === null && !applied
    if ((stillThere || nothingNew) && event.reads === 0) {
      const why = stillThere ? 'the record is still there' : 'the record has not changed yet'
      return {
        event,
        status: 'retry',
        answered: true,
        why,
        read: { reason: 'repeat', delaySeconds: secondLookSeconds },
      }
    }
  }
  if (decision.outcome === 'stale') return { event, status: 'stale', answered: true, why: decision.why }
  if (!applied) return { event, status: 'unchanged', answered: true }
  return isNewest
    ? { event, status: 'applied', answered: true }
    : { event, status: 'unchanged', answered: true, why: 'one read answered several events' }
}

function isLagging(event: LockedEvent, answered: number | null): boolean {
  if (event.source_version === null || answered === null) return false
  return answered * 1000 < readInstant(event.source_version)
}

/** The answer is older than the event: it waits without an attempt, and after ten minutes a person must look. */
function lagging(event: LockedEvent): EventFate {
  const waitedMs = Date.now() - readInstant(event.received_at) / 1000
  if (waitedMs < laggingAnswerLimitMs) {
    const delaySeconds = Math.min(secondLookSeconds * 2 ** Math.min(event.reads, 4), 120)
    const why = 'the answer is older than the event'
    return { event, status: 'retry', answered: true, why, read: { reason: 'repeat', delaySeconds } }
  }
  return {
    event,
    status: 'dead_letter',
    answered: true,
    failure: failureOf(
      new TdsError('Zoho still answers with a version older than the one that its webhook named', {
        code: 'zoho_lagging',
        disposition: 'dead-letter',
        nextStep:
          'Compare the record in Zoho with the payload; save it there once more, or discard the dead letter.',
      }),
    ),
  }
}

/** Leaves the events waiting for another look, and the read owed until then. */
async function keepWaiting(
  parts: ReadingParts,
  tx: Transaction,
  o: {
    readonly read: Answered
    readonly events: readonly LockedEvent[]
    readonly delaySeconds: number
    readonly why: string
  },
): Promise<ReadOutcome> {
  const fates = o.events.map((event): EventFate => ({
    event,
    status: 'retry',
    answered: true,
    why: o.why,
    read: { reason: 'repeat', delaySeconds: o.delaySeconds },
  }))
  await closeRead(parts, tx, o.read)
  await recordFates(parts, tx, { fates, startedAt: o.read.startedAt })
  return 'waiting'
}

/**
 * Ends the claim, before anything asks anew. What was asked for after the request went out is owed one trailing read,
 * and gets its job at once.
 */
async function closeRead(parts: ReadingParts, tx: Transaction, { key, claim }: Answered): Promise<void> {
  const trailing = await settleRead(tx, key, { daemonId: parts.mover.daemonId, sentAt: claim.sent_at })
  if (!trailing) return
  await askForReads(parts.queue, tx, [
    { ...key, reason: claim.reason, eventId: claim.event_id, delaySeconds: 0 },
  ])
}

function outcomeOf(result: ChangeResult, fates: readonly EventFate[]): ReadOutcome {
  if (fates.some((fate) => fate.status === 'retry')) return 'waiting'
  const { outcome } = result.decision
  if (outcome === 'unchanged' || outcome === 'stale') return outcome
  return outcome === 'reread' ? 'waiting' : 'applied'
}

interface FailedRead {
  readonly key: OwedReadKey
  readonly entity: EntityDefinition
  /** What was answered, where it is the answer that cannot be used. */
  readonly record: ExactObject | null
  readonly claim: ClaimedRead
  readonly error: unknown
  readonly startedAt: number
}

/** A fault of the source delays and never counts against an event; an answer that can never be used ends in a dead letter. */
async function failRead(parts: ReadingParts, failed: FailedRead): Promise<ReadOutcome> {
  const { key, claim, error } = failed
  const failure = failureOf(error)
  const permanent = error instanceof TdsError && error.disposition === 'dead-letter'
  if (permanent && (await giveUpEvents(parts, failed, failure))) return 'dead_letter'
  const delayMs = Math.max(
    backoffMs({ attempt: claim.attempts + 1, baseMs: 1000, maxMs: permanent ? 3_600_000 : 60_000 }),
    askedToWaitMs(error),
  )
  await parts.db.transaction(async (tx) => {
    await postponeRead(tx, key, {
      daemonId: parts.mover.daemonId,
      delaySeconds: delayMs / 1000,
      error: `${failure.code}: ${failure.message}`,
    })
    await sendReads(parts.queue, tx, [{ ...key, delaySeconds: delayMs / 1000 }])
  })
  return 'postponed'
}

/** How long the source itself asks to be left alone: a quota that ends, a throttled token. */
function askedToWaitMs(error: unknown): number {
  const asked = error instanceof TdsError ? error.facts['retryAfterMs'] : undefined
  return typeof asked === 'number' && Number.isFinite(asked) ? asked : 0
}

/**
 * Gives up on the events that asked; where none did, on an event made of the answer.
 * False when there is neither, and then the read stays owed and visible.
 */
async function giveUpEvents(parts: ReadingParts, failed: FailedRead, failure: Failure): Promise<boolean> {
  const { key, entity, claim, record } = failed
  return parts.db.transaction(async (tx) => {
    const asking = await lockEventsAwaitingRead(tx, key, claim.sent_at)
    const events =
      asking.length === 0 && record !== null
        ? await eventOfRead(tx, { key, entity, record }, parts.mover)
        : asking
    if (events.length === 0) return false
    const fates = events.map((event): EventFate => ({
      event,
      status: 'dead_letter',
      answered: true,
      failure,
    }))
    await recordFates(parts, tx, { fates, startedAt: failed.startedAt })
    await settleRead(tx, key, { daemonId: parts.mover.daemonId, sentAt: claim.sent_at })
    return true
  })
}
