import type { Receiver } from '../receivers/receiver.ts'
import type { DeliveryParts } from './delivery-parts.ts'
import { send } from './send.ts'
import { settle } from './settle.ts'
import { takeNext } from './take-next.ts'

/** What one pass of a lane did. */
export interface LaneReport extends Record<string, number> {
  readonly sent: number
  readonly delivered: number
  readonly merged: number
  /** 1 where there may be more to send at once. */
  readonly more: number
}

const mostInPass = 20

/** One pass of one lane: sends what is due, one after the other, until nothing is left or nothing may go out. */
export async function deliverDue(
  parts: DeliveryParts,
  receiver: Receiver,
  signal: AbortSignal,
): Promise<LaneReport> {
  const counts = { sent: 0, delivered: 0, merged: 0 }
  while (!isStopped(signal) && counts.sent < mostInPass) {
    const taken = await takeNext(parts, receiver)
    if (typeof taken === 'string') return { ...counts, more: 0 }
    counts.sent += 1
    counts.merged += taken.merged
    const result = await send(parts, receiver, { taken, signal })
    const { receiver: name, kind, attempt, is_plain: isPlain, integration } = taken.row
    const isOurs = await settle(parts, {
      lease: taken.lease,
      integration,
      receiver: name,
      kind,
      attempt,
      isPlain,
      result,
      isInterrupted: isStopped(signal) && result.class === 'retry',
    })
    if (isOurs && result.class === 'success') counts.delivered += 1
  }
  return { ...counts, more: counts.sent === mostInPass ? 1 : 0 }
}

// A signal changes while something is waited for, which the compiler does not know.
function isStopped(signal: AbortSignal): boolean {
  return signal.aborted
}
