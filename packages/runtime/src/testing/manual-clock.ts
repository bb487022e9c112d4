import { setImmediate } from 'node:timers/promises'
import type { Clock } from '../clock.ts'

/** A clock that only moves when the test says so. */
export interface ManualClock extends Clock {
  /** Moves time forward, waking sleepers in the order in which they are due; each may go to sleep again on the way. */
  advance(ms: number): Promise<void>
  /** Makes wall time jump without waking anybody, as a corrected system clock does. */
  jumpTo(time: Date): void
  /** Resolves once so many are asleep: what came before it has been done. */
  untilSleeping(count?: number): Promise<void>
  /** How long each sleeper still has, shortest first. */
  sleepers(): number[]
}

interface Sleeper {
  dueMs: number
  wake: () => void
}

/** Makes a clock that stands still at the given time (default 1 January 2026, noon UTC). */
export function manualClock(start = new Date('2026-01-01T12:00:00Z')): ManualClock {
  let elapsedMs = 0
  let jumpMs = 0
  const asleep = new Set<Sleeper>()

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const sleeper: Sleeper = { dueMs: elapsedMs + ms, wake }
      function wake(): void {
        asleep.delete(sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      asleep.add(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  async function advance(ms: number): Promise<void> {
    const targetMs = elapsedMs + ms
    await settle()
    for (let next = earliest(); next !== undefined && next.dueMs <= targetMs; next = earliest()) {
      elapsedMs = next.dueMs
      next.wake()
      await settle()
    }
    elapsedMs = targetMs
  }

  function earliest(): Sleeper | undefined {
    return [...asleep].sort((a, b) => a.dueMs - b.dueMs)[0]
  }

  async function untilSleeping(count = 1): Promise<void> {
    while (asleep.size < count) await setImmediate()
  }

  return {
    now: () => new Date(start.getTime() + elapsedMs + jumpMs),
    monotonicMs: () => elapsedMs,
    sleep,
    advance,
    jumpTo: (time) => {
      jumpMs = time.getTime() - start.getTime() - elapsedMs
    },
    untilSleeping,
    sleepers: () => [...asleep].map((sleeper) => sleeper.dueMs - elapsedMs).sort((a, b) => a - b),
  }
}

// Lets what was woken run as far as it can without real time passing.
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await setImmediate()
}
