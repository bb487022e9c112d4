import {
  classifyDatabaseError,
  isDatabaseUnavailable,
  lockEventsAwaitingRead,
  oweHeldReads,
  readSingly,
  settleRead,
  type LockedEvent,
  type ReadRequest,
  type Transaction,
} from '@tds/db'
import { mapRecord } from '../entities/map-record.ts'
import { isContentFault } from '../inbox/content-fault.ts'
import { causeOf } from '../inbox/event-change.ts'
import { recordFates, type EventFate } from '../inbox/event-fate.ts'
import { applyAnswer } from '../reconciliation/apply-answer.ts'
import { askFuse, tellBlown, type FuseVerdict } from '../reconciliation/deletion-fuse.ts'
import { heldWhy } from '../reconciliation/held-why.ts'
import { prepareCorrection } from '../reconciliation/settle-difference.ts'
import {
  deservesSecondLook,
  fateOfAnswered,
  incompleteSeconds,
  lookAgain,
  overtakenSeconds,
  secondLookSeconds,
  youngSeconds,
} from './answer-fates.ts'
import type { ChangeResult, RecordChange } from './apply-changes.ts'
import { askForReads, sendReads } from './ask-for-reads.ts'
import type { Saying } from './change.ts'
import { failRead } from './fail-read.ts'
import { followUpReads } from './follow-up-reads.ts'
import { readInstant } from './instant.ts'
import { persist } from './persist.ts'
import { readKinds } from './read-reasons.ts'
import { claimSeconds, type ReadingParts, type ReadInHand, type ReadOutcome } from './reading.ts'
import type { RecordAnswer } from './record-source.ts'

/** A read that the source has answered. */
export interface AnsweredRead extends ReadInHand {
  readonly answer: RecordAnswer
  /** What an absent key means: in a detail that it is blank, in an answer about many records nothing. */
  readonly shape: 'detail' | 'webhook'
}

/**
 * Applies an answer and settles every event that it answers, in one transaction. The answer waits for a Postgres that is
 * away for as long as the claim lasts, so that the source is not asked twice. Throws only when it stays away longer.
 */
export async function settleAnswer(parts: ReadingParts, read: AnsweredRead): Promise<ReadOutcome> {
  const leftMs = claimSeconds * 1000 - (performance.now() - read.startedAt)
  try {
    const { outcome, blew } = await persist(() => parts.db.transaction((tx) => settle(parts, tx, read)), {
      forMs: leftMs,
      signal: read.signal,
    })
    if (blew) tellBlown(read.key)
    return outcome
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw error
    const record = read.answer.kind === 'found' ? read.answer.record : null
    // A value that Postgres refuses it will refuse again: then the answer can never be used.
    const fault = isContentFault(error) ? classifyDatabaseError(error) : error
    return failRead(parts, { ...read, error: fault, record })
  }
}

interface Settled {
  readonly outcome: ReadOutcome
  /** It blew the fuse over deletions. */
  readonly blew: boolean
}

async function settle(parts: ReadingParts, tx: Transaction, read: AnsweredRead): Promise<Settled> {
  const { key, entity, claim, answer, startedAt } = read
  const events = await lockEventsAwaitingRead(tx, key, claim.sent_at)
  const says: Saying =
    answer.kind === 'found'
      ? { kind: 'content', record: mapRecord(entity, answer.record, read.shape) }
      : { kind: 'not-there' }
  if (says.kind === 'not-there' && deservesSecondLook(events)) {
    await closeRead(parts, tx, read)
    const why = 'the record is not there yet'
    const fates = events.map((event) => lookAgain(event, why, secondLookSeconds))
    await recordFates(parts, tx, { fates, startedAt })
    return { outcome: 'waiting', blew: false }
  }
  const newest = events.at(-1)
  const answered = { key, entity, claim, says, isWhole: read.shape === 'detail' }
  const prepared = await prepareCorrection(tx, answered, changeOf(read, says, newest))
  if (says.kind === 'not-there') {
    const verdict = await askFuse(tx, prepared.change)
    if (verdict.kind !== 'passes') return holdDeletion(parts, tx, { read, events, verdict })
  }
  const applied = await applyAnswer(tx, answered, prepared)
  const { change, result } = applied
  const sentAt = readInstant(claim.sent_at)
  const fates = events.map((event) =>
    fateOfAnswered(event, { says, result, isNewest: event === newest, sentAt }),
  )
  await closeRead(parts, tx, read)
  const again = applied.read ?? readAgain(read, { says, result, fates, eventId: change.eventId })
  const reads = [...(await followUpReads(tx, [{ change, result }])), ...(again === null ? [] : [again])]
  await recordFates(parts, tx, { fates, startedAt, reads })
  if (applied.read !== null) await readSingly(tx, [applied.read])
  return { outcome: outcomeOf(result, fates), blew: false }
}

/**
 * The deletion is not done: its events wait without an attempt, and the read stays owed, so that nothing is asked of the
 * source again before a person has released it; or it is made anew, because a person has.
 */
async function holdDeletion(
  parts: ReadingParts,
  tx: Transaction,
  held: {
    readonly read: AnsweredRead
    readonly events: readonly LockedEvent[]
    readonly verdict: Exclude<FuseVerdict, { kind: 'passes' }>
  },
): Promise<Settled> {
  const { read, events, verdict } = held
  const { key, claim, startedAt } = read
  await closeRead(parts, tx, read)
  const { reason, event_id: eventId } = claim
  if (verdict.kind === 'held') await oweHeldReads(tx, [key], { reason, eventId, why: heldWhy })
  else await askForReads(parts.queue, tx, [{ ...key, reason, eventId, delaySeconds: 0 }])
  const fates = events.map((event): EventFate => ({
    event,
    status: 'retry',
    answered: true,
    awaitsRead: true,
    why: heldWhy,
  }))
  await recordFates(parts, tx, { fates, startedAt })
  return { outcome: 'deletion_held', blew: verdict.kind === 'held' && verdict.blew }
}

function changeOf(
  { key, entity, claim }: AnsweredRead,
  says: Saying,
  newest: LockedEvent | undefined,
): RecordChange {
  const kind = readKinds[claim.reason]
  return {
    entity,
    organizationId: key.organizationId,
    zohoId: key.zohoId,
    origin: 'detail',
    says,
    cause: newest === undefined ? kind.cause : causeOf(newest),
    lookedAt: readInstant(claim.sent_at),
    eventId: newest?.id ?? claim.event_id,
    runId: newest?.sync_run_id ?? null,
    actor: 'worker',
    reason: newest === undefined ? kind.says : readKinds.event.says,
    requestId: newest?.request_id ?? null,
  }
}

/**
 * An answer that may hide a change of the same second, that a delivery overtook, or that leaves the row incompletely known is
 * asked for again, unless an event looks again anyway.
 */
function readAgain(
  { key, claim }: AnsweredRead,
  o: {
    readonly says: Saying
    readonly result: ChangeResult
    readonly fates: readonly EventFate[]
    readonly eventId: string | null
  },
): ReadRequest | null {
  const delaySeconds = againSeconds(o.says, o.result, claim)
  if (delaySeconds === null || o.fates.some((fate) => fate.read !== undefined)) return null
  // What an answer about many records said too little about is completed like what a webhook said too little about.
  const reason = delaySeconds === 0 ? 'completing' : 'repeat'
  return { ...key, reason, eventId: o.eventId, delaySeconds }
}

function againSeconds(
  says: Saying,
  { decision, owesRead }: ChangeResult,
  claim: AnsweredRead['claim'],
): number | null {
  if (decision.outcome === 'stale' && decision.lookAgain) return overtakenSeconds
  if (owesRead) return decision.outcome === 'stale' ? incompleteSeconds : 0
  return youngSeconds(says, claim)
}

/**
 * Ends the claim, before anything asks anew. What was asked for after the request went out is owed one trailing read,
 * and gets its job at once.
 */
async function closeRead(parts: ReadingParts, tx: Transaction, { key, claim }: AnsweredRead): Promise<void> {
  const trailing = await settleRead(tx, key, { daemonId: parts.mover.daemonId, sentAt: claim.sent_at })
  if (trailing !== null) await sendReads(parts.queue, tx, [{ ...key, reason: trailing }])
}

function outcomeOf({ decision }: ChangeResult, fates: readonly EventFate[]): ReadOutcome {
  if (fates.some((fate) => fate.status === 'retry')) return 'waiting'
  const { outcome } = decision
  if (outcome === 'unchanged' || outcome === 'stale') return outcome
  return outcome === 'reread' ? 'waiting' : 'applied'
}
