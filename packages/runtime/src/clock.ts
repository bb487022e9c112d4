import { performance } from 'node:perf_hooks'

/** Time handed in rather than taken, so that a test can hold it still. */
export interface Clock {
  /** Wall time. Only for people and stamps: it can jump. */
  now(): Date
  /** Milliseconds since some fixed moment, never running backwards: for measuring durations. */
  monotonicMs(): number
  /** Waits so many milliseconds; ends early and without an error when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: sleepForReal,
}

// Longer timers overflow and fire at once.
const longestTimerMs = 2 ** 31 - 1

async function sleepForReal(ms: number, signal?: AbortSignal): Promise<void> {
  let left = ms
  while (left > 0 && signal?.aborted !== true) {
    const step = Math.min(left, longestTimerMs)
    await timer(step, signal)
    left -= step
  }
}

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(handle)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const handle = setTimeout(finish, ms)
    signal?.addEventListener('abort', finish)
  })
}
