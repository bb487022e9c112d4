import { systemClock, type Clock } from '@tds/runtime'

/** One time for the product, its database and the simulated Zoho: it goes on as usual, and whoever waits skips ahead instead. */
export interface SteppedTime extends Clock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Skips ahead to a time; nothing happens where that is over. */
  advanceTo(ms: number): Promise<void>
}

/** A database's clock that has been taken over. */
export interface DatabaseClock {
  set(time: string, rate: number): Promise<void>
  advance(interval: string): Promise<void>
}

/**
 * Begins a time that is stepped rather than waited for. It is for worlds in which one thing happens after the other: whoever
 * sleeps moves the time of everybody.
 */
export async function steppedTime(database: DatabaseClock, start: string): Promise<SteppedTime> {
  const startMs = Date.parse(start)
  const begunMs = systemClock.monotonicMs()
  let skippedMs = 0
  await database.set(start, 1)
  const nowMs = (): number => startMs + systemClock.monotonicMs() - begunMs + skippedMs
  const skip = async (ms: number): Promise<void> => {
    if (!(ms > 0)) return
    skippedMs += ms
    await database.advance(`${String(ms)} milliseconds`)
  }
  return {
    nowMs,
    now: () => new Date(nowMs()),
    monotonicMs: () => systemClock.monotonicMs() + skippedMs,
    sleep: async (ms, signal) => {
      if (signal?.aborted !== true) await skip(ms)
    },
    advanceTo: (ms) => skip(ms - nowMs()),
  }
}
