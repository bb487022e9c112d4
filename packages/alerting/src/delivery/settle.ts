import {
  finishNotification,
  isDatabaseConflict,
  lockReceiverState,
  logNotified,
  noteInTimeline,
  noteReceiverFailure,
  noteReceiverSuccess,
  type NotificationLease,
  type NotificationOutcome,
  type Queryable,
} from '@tds/db'
import { backoffMs, childLogger } from '@tds/runtime'
import type { DeliveryResult } from '../receivers/receiver.ts'
import { countNotifications } from './delivery-counter.ts'
import { deliveryLimits, type DeliveryParts } from './delivery-parts.ts'
import { tellByOthers } from './own-alerts.ts'

const log = childLogger('alerting:delivery')

/** An attempt and what it came to. */
export interface Attempt {
  readonly lease: NotificationLease
  readonly integration: string
  readonly receiver: string
  readonly kind: string
  /** Attempts that failed before. */
  readonly attempt: number
  readonly isPlain: boolean
  readonly result: DeliveryResult
  /** This alerter is being stopped and broke it off: it says nothing about the receiver. */
  readonly isInterrupted: boolean
}

/**
 * Writes in one transaction what came of an attempt: of the message, of what its receiver now knows, of its alerts, of the
 * lane. False where the lease had lapsed: then another alerter has the message, and nothing is written.
 */
export async function settle(parts: DeliveryParts, attempt: Attempt): Promise<boolean> {
  const isOurs = await persistently(() => parts.db.transaction((tx) => write(tx, parts, attempt)))
  countNotifications(attempt.integration, attempt.result.class)
  report(attempt, isOurs)
  return isOurs
}

async function write(tx: Queryable, parts: DeliveryParts, attempt: Attempt): Promise<boolean> {
  // The receiver's row first, as whoever takes a message does: the other way round two would wait for each other.
  const { failures, broken_since } = await lockReceiverState(tx, attempt.integration)
  const pauseMs = attempt.result.class === 'pause' ? pauseOf(parts, attempt.result, failures) : null
  const outcome = outcomeOf(parts, attempt, pauseMs)
  if (!(await finishNotification(tx, attempt.lease, outcome))) return false
  await noteEnd(tx, attempt, outcome)
  if (attempt.result.class === 'success') await noteReceiverSuccess(tx, attempt.integration)
  else if (attempt.result.class !== 'payload' && !attempt.isInterrupted)
    await noteFailure(tx, attempt, pauseMs)
  if (attempt.result.class === 'broken' && broken_since === null) await tellBroken(tx, parts, attempt)
  return true
}

/** What was sent and could not be written down would be sent again: a conflict with somebody else is not reason enough. */
async function persistently(work: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work()
    } catch (error) {
      if (tries === 3 || !isDatabaseConflict(error)) throw error
    }
  }
}

function outcomeOf(parts: DeliveryParts, attempt: Attempt, pauseMs: number | null): NotificationOutcome {
  const { result } = attempt
  const said = {
    outcome: result.class,
    providerStatus: result.providerStatus,
    detail: result.detail,
    recipients: result.recipients ?? null,
    waitMs: 0,
    burnsAttempt: false,
    isPlain: false,
  }
  switch (result.class) {
    case 'success':
      return { ...said, state: 'delivered' }
    case 'pause':
      return { ...said, state: 'waiting', waitMs: pauseMs ?? 0 }
    case 'payload':
      return attempt.isPlain || attempt.kind === 'test'
        ? { ...said, state: 'dead', burnsAttempt: true }
        : { ...said, state: 'waiting', isPlain: true, burnsAttempt: true }
    // It waits until the receiver is set up anew, or until nobody wants to hear it any more.
    case 'broken':
      return { ...said, state: 'waiting' }
    case 'moved':
    case 'retry':
      if (attempt.isInterrupted) return { ...said, state: 'waiting' }
      return { ...said, state: 'waiting', waitMs: retryIn(parts, attempt), burnsAttempt: true }
  }
}

/** What the provider asked for, bounded, and a little more at random, so that not all come back at once. */
function pauseOf({ random = Math.random }: DeliveryParts, result: DeliveryResult, failures: number): number {
  const asked = result.retryAfterMs ?? backoff(failures + 1, random)
  const bounded = Math.min(Math.max(asked, 1000), deliveryLimits.longestPause)
  return bounded + random() * Math.min(3000, bounded / 10)
}

function retryIn({ random = Math.random }: DeliveryParts, { attempt, result }: Attempt): number {
  const asked = result.retryAfterMs
  return asked === null ? backoff(attempt + 1, random) : Math.min(asked, deliveryLimits.longestPause)
}

function backoff(attempt: number, random: () => number): number {
  return backoffMs({ attempt, baseMs: deliveryLimits.backoffBase, maxMs: deliveryLimits.backoffMost, random })
}

async function noteEnd(
  tx: Queryable,
  { lease, result }: Attempt,
  { state }: NotificationOutcome,
): Promise<void> {
  if (state === 'delivered') {
    await logNotified(tx, lease.id)
    await noteInTimeline(tx, [lease.id], { event: 'delivered', reason: null })
  } else if (state === 'dead') {
    await noteInTimeline(tx, [lease.id], { event: 'failed', reason: result.detail })
  }
}

async function noteFailure(tx: Queryable, attempt: Attempt, pauseMs: number | null): Promise<void> {
  await noteReceiverFailure(tx, attempt.integration, {
    error: wordsOf(attempt.result),
    pauseMs,
    isBroken: attempt.result.class === 'broken',
  })
}

async function tellBroken(tx: Queryable, parts: DeliveryParts, attempt: Attempt): Promise<void> {
  await tellByOthers(tx, parts, {
    rule: 'receiver_broken',
    title: 'A way to people does not work',
    integration: attempt.integration,
    receiver: attempt.receiver,
    detail: wordsOf(attempt.result),
    count: 1,
  })
}

function wordsOf({ providerStatus, detail }: DeliveryResult): string {
  return [providerStatus, detail].filter((part) => part !== null).join(': ')
}

function report({ lease, integration, result }: Attempt, isOurs: boolean): void {
  const facts = {
    notificationId: lease.id,
    integration,
    outcome: result.class,
    providerStatus: result.providerStatus,
  }
  if (!isOurs) log.warn('the lease of a message had lapsed: it may have been sent twice', facts)
  else if (result.class === 'success') log.info('a message was delivered', facts)
  else log.warn('a message was not delivered', { ...facts, detail: result.detail })
}
