/** The simulator's own time: another clock plus what it was told to skip. */
export interface SimulatorClock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Skips ahead by so many milliseconds, so that tokens expire and days end without waiting. */
  advance(ms: number): void
}

/** Makes the simulator's clock run beside another one, by default the machine's. */
export function simulatorClock(base: () => number = Date.now): SimulatorClock {
  let skipped = 0
  return {
    nowMs: () => base() + skipped,
    advance: (ms) => {
      skipped += ms
    },
  }
}
