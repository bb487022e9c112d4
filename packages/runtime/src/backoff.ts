/** What a wait between attempts depends on. */
export interface BackoffOptions {
  /** Which failure this is, counted from 1. */
  attempt: number
  /** Ceiling of the first wait; every further failure doubles it. */
  baseMs: number
  /** No wait is longer than this. */
  maxMs: number
  /** From 0 up to but not including 1. */
  random?: (() => number) | undefined
}

/**
 * How long to wait before the next try, in whole milliseconds: anything between nothing and the ceiling
 * (full jitter), so that many who failed together do not return together.
 */
export function backoffMs({ attempt, baseMs, maxMs, random = Math.random }: BackoffOptions): number {
  // Above 2^60 the ceiling is maxMs whatever the base, and the power would reach Infinity.
  const doublings = Math.min(Math.max(Math.trunc(attempt) - 1, 0), 60)
  return Math.floor(random() * Math.min(maxMs, baseMs * 2 ** doublings))
}
