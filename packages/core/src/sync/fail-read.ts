import {
  endDifference,
  lockDifference,
  lockEventsAwaitingRead,
  postponeReads,
  settleRead,
  type ClaimedRead,
  type OwedReadKey,
} from '@tds/db'
import { backoffMs, childLogger, TdsError } from '@tds/runtime'
import { recordFates, type EventFate } from '../inbox/event-fate.ts'
import { eventOfRead } from '../inbox/event-of-read.ts'
import { failureOf, type Failure } from '../inbox/failure.ts'
import type { ExactObject } from '../json/index.ts'
import { sendReads } from './ask-for-reads.ts'
import { askedToWaitMs } from './hold-read.ts'
import { persist } from './persist.ts'
import { claimSeconds, type ReadingParts, type ReadInHand } from './reading.ts'

const log = childLogger('core:read')

/** A read that came to nothing. */
export interface FailedRead extends ReadInHand {
  /** What was answered, where it is the answer that cannot be used. */
  readonly record: ExactObject | null
  readonly error: unknown
}

/**
 * A fault of the source delays and never counts against an event; an answer that can never be used ends in a dead letter.
 * Throws only when Postgres stays away for longer than the claim lasts.
 */
export async function failRead(
  parts: ReadingParts,
  failed: FailedRead,
): Promise<'dead_letter' | 'postponed'> {
  const { key, claim, error, signal } = failed
  const failure = failureOf(error)
  if (!(error instanceof TdsError)) log.error('A read failed for an unknown reason', { ...key, error })
  const isPermanent = error instanceof TdsError && error.disposition === 'dead-letter'
  const o = { forMs: claimSeconds * 1000, signal }
  if (isPermanent && (await persist(() => giveUpEvents(parts, failed, failure), o))) return 'dead_letter'
  await persist(() => postpone(parts, [key], { claims: [claim], error, failure, isPermanent }), o)
  return 'postponed'
}

/** Gives reads back whose call failed, with a growing pause, or as long a one as the source asks for. */
export async function postpone(
  parts: ReadingParts,
  keys: readonly OwedReadKey[],
  o: {
    readonly claims: readonly ClaimedRead[]
    readonly error: unknown
    readonly failure: Failure
    /** Only a change of the record itself helps, and that comes with a new wish. */
    readonly isPermanent: boolean
  },
): Promise<void> {
  const { claims, error, failure, isPermanent } = o
  const attempt = Math.max(...claims.map((claim) => claim.attempts)) + 1
  const delayMs = Math.max(
    backoffMs({ attempt, baseMs: 1000, maxMs: isPermanent ? 3_600_000 : 60_000 }),
    askedToWaitMs(error),
  )
  await parts.db.transaction(async (tx) => {
    await postponeReads(tx, keys, {
      daemonId: parts.mover.daemonId,
      delaySeconds: delayMs / 1000,
      error: `${failure.code}: ${failure.message}`,
      held: !isPermanent,
    })
    await sendReads(
      parts.queue,
      tx,
      claims.map((claim) => ({ ...claim, delaySeconds: delayMs / 1000 })),
    )
  })
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
    const difference = await lockDifference(tx, key)
    if (difference !== null) {
      const note = `${failure.code}: see the dead letter of the record`
      await endDifference(tx, difference, { state: 'left', note })
    }
    const trailing = await settleRead(tx, key, { daemonId: parts.mover.daemonId, sentAt: claim.sent_at })
    if (trailing !== null) await sendReads(parts.queue, tx, [{ ...key, reason: trailing }])
    return true
  })
}
