import type { StoredTokens } from '@tds/db'
import type { RateLimit } from '../receivers/receiver.ts'
import type { Severity } from '../severity.ts'

/** What a lane knows of its limits. */
export interface Buckets {
  readonly limits: readonly RateLimit[]
  readonly stored: StoredTokens
  readonly nowMs: number
}

/** Whether a message may go out. */
export interface TokenAnswer {
  readonly taken: boolean
  /** What is left afterwards. */
  readonly tokens: StoredTokens
  /** Until it may; 0 where it may. */
  readonly waitMs: number
  /** Whether a message that is not critical could go out right after it. */
  readonly leavesRoom: boolean
}

/**
 * Takes what one message costs out of every bucket, or out of none. A fifth of each is for critical messages alone, as
 * far as a bucket holds more than one message.
 */
export function takeToken({ limits, stored, nowMs }: Buckets, severity: Severity): TokenAnswer {
  const filled = limits.map((limit) => ({ limit, left: refilled(limit, stored[limit.key], nowMs) }))
  const waits = filled.map(({ limit, left }) => {
    const lacking = 1 + (severity === 'critical' ? 0 : reserveOf(limit)) - left
    return lacking <= tolerance ? 0 : Math.ceil((lacking / limit.perSecond) * 1000)
  })
  const waitMs = Math.max(0, ...waits)
  const taken = waitMs === 0
  const after = filled.map(({ limit, left }) => ({ limit, left: Math.max(0, taken ? left - 1 : left) }))
  return {
    taken,
    waitMs,
    tokens: Object.fromEntries(after.map(({ limit, left }) => [limit.key, { left, atMs: nowMs }])),
    leavesRoom: after.every(({ limit, left }) => left - reserveOf(limit) >= 1 - tolerance),
  }
}

/**
 * What of a bucket is kept for critical messages.
 *
 * @internal
 */
export function reserveOf({ capacity }: RateLimit): number {
  return Math.floor(capacity / 5)
}

// Sums of fractions miss a whole number by a hair.
const tolerance = 1e-6

// A bucket never seen before is full; a clock that went back fills nothing.
function refilled(
  { capacity, perSecond }: RateLimit,
  known: StoredTokens[string] | undefined,
  nowMs: number,
): number {
  if (known === undefined) return capacity
  return Math.min(capacity, known.left + (Math.max(0, nowMs - known.atMs) / 1000) * perSecond)
}
