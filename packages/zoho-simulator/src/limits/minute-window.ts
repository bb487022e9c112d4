import type { SimulatorClock } from '../clock.ts'

/** The times of the last sixty seconds. */
export interface MinuteWindow {
  add(): void
  /** How many there were in the sixty seconds up to now. */
  size: () => number
}

/** Opens a window that slides with the clock. */
export function minuteWindow(clock: SimulatorClock): MinuteWindow {
  const times: number[] = []
  const size = () => {
    const from = clock.nowMs() - 60_000
    let past = 0
    while (past < times.length && (times[past] ?? 0) <= from) past++
    times.splice(0, past)
    return times.length
  }
  return {
    add: () => {
      times.push(clock.nowMs())
    },
    size,
  }
}
