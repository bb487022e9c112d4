import type { ClaimedRead, LockedEvent } from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { EventFate } from '../inbox/event-fate.ts'
import { failureOf } from '../inbox/failure.ts'
import type { ChangeResult } from './apply-changes.ts'
import type { Saying } from './change.ts'
import { instantOfMillis, readInstant, type Instant } from './instant.ts'

/** Zoho's detail may lag behind its own webhook: an answer that decides nothing is asked for once more after this. */
export const secondLookSeconds = 10
/** An answer older than what is stored leaves the row incompletely known: Zoho's detail lags, usually for seconds. */
export const incompleteSeconds = 30
/** An answer that a delivery overtook says nothing: the next one, sent after it, does. */
export const overtakenSeconds = 1
/** How long an answer older than the event that asked may stay so before the event becomes a dead letter. */
const laggingAnswerLimit: Instant = 10 * 60 * 1_000_000
/** Zoho stamps whole seconds: a change in the same second would carry the same version as an answer this young. */
const youngAnswer: Instant = 2 * 1_000_000
/** A version further ahead than this is no matter of a moment. */
const aheadTolerance: Instant = 5 * 60 * 1_000_000

/** "Not there" answers a delete at once; anything else may only be early. */
export function deservesSecondLook(events: readonly LockedEvent[]): boolean {
  if (events.some((event) => event.operation_type === 'delete')) return false
  return events.some((event) => event.reads === 0)
}

/**
 * Seconds after which an answer must be read again because its version is less than 2 s old; null where it is not.
 * Where Zoho's clock is a little ahead of ours, one later look does instead of many.
 */
export function youngSeconds(says: Saying, claim: Pick<ClaimedRead, 'sent_at'>): number | null {
  if (says.kind !== 'content' || says.record.version === null) return null
  const left = instantOfMillis(says.record.version) + youngAnswer - readInstant(claim.sent_at)
  return left > 0 && left <= aheadTolerance ? left / 1_000_000 : null
}

/** What an answer came to, for one of the events that it answers. */
export interface AnsweredEvent {
  readonly says: Saying
  readonly result: ChangeResult
  readonly isNewest: boolean
  /** When the request was sent, by the clock that stamps events. */
  readonly sentAt: Instant
}

/** What becomes of an event by the answer to the read that it waited for. */
export function fateOfAnswered(event: LockedEvent, answered: AnsweredEvent): EventFate {
  const { says, result, isNewest } = answered
  const { decision } = result
  const applied = result.applied !== null
  if (decision.outcome === 'stale' && decision.lookAgain)
    return lookAgain(event, decision.why, overtakenSeconds)
  if (says.kind === 'content') {
    if (isLagging(event, says.record.version)) return fateOfLagging(event, answered.sentAt)
    const stillThere = event.operation_type === 'delete'
    const nothingNew = event.source_version === null && !applied
    if ((stillThere || nothingNew) && event.reads === 0) {
      return lookAgain(
        event,
        stillThere ? 'the record is still there' : 'the record has not changed yet',
        secondLookSeconds,
      )
    }
  }
  if (decision.outcome === 'stale') return { event, status: 'stale', answered: true, why: decision.why }
  if (!applied) return { event, status: 'unchanged', answered: true }
  return isNewest
    ? { event, status: 'applied', answered: true }
    : { event, status: 'unchanged', answered: true, why: 'one read answered several events' }
}

/** The event waits, without an attempt, until the record is read once more. */
export function lookAgain(event: LockedEvent, why: string, delaySeconds: number): EventFate {
  return { event, status: 'retry', answered: true, why, read: { reason: 'repeat', delaySeconds } }
}

function isLagging(event: LockedEvent, answered: number | null): boolean {
  if (event.source_version === null || answered === null) return false
  return instantOfMillis(answered) < readInstant(event.source_version)
}

/** The answer is older than the event: it waits without an attempt, and after ten minutes a person must look. */
function fateOfLagging(event: LockedEvent, sentAt: Instant): EventFate {
  if (sentAt - readInstant(event.received_at) < laggingAnswerLimit) {
    const delaySeconds = Math.min(secondLookSeconds * 2 ** Math.min(event.reads, 4), 120)
    return lookAgain(event, 'the answer is older than the event', delaySeconds)
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
