/** The simulator's own time: another clock, skipped ahead, slowed, hurried or stopped as it was told. */
export interface SimulatorClock {
  /** Milliseconds since 1970. */
  nowMs(): number
  /** Skips ahead by so many milliseconds, so that tokens expire and days end without waiting. */
  advance(ms: number): void
  /** From now on lets so many seconds pass for each of the other clock: 0 stands still, 60 makes an hour a minute. */
  runAt(rate: number): void
  rate(): number
}

/** Makes the simulator's clock run beside another one, by default the machine's. */
export function simulatorClock(base: () => number = Date.now): SimulatorClock {
  let since = base()
  let atThat = since
  let rate = 1
  const nowMs = () => Math.floor(atThat + (base() - since) * rate)
  const anchor = () => {
    atThat = nowMs()
    since = base()
  }
  return {
    nowMs,
    advance: (ms) => {
      anchor()
      atThat += ms
    },
    runAt: (asked) => {
      anchor()
      rate = asked
    },
    rate: () => rate,
  }
}
