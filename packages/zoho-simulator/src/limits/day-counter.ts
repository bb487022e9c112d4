import type { SimulatorClock } from '../clock.ts'
import type { Zone } from '../zone.ts'

/** Counts what happens on one local day of the organisation. */
export interface DayCounter {
  count(): void
  today: () => number
}

/** Starts counting; the count begins anew at local midnight. */
export function dayCounter(clock: SimulatorClock, zone: Zone): DayCounter {
  let date = ''
  let counted = 0
  const today = () => {
    const now = zone.date(clock.nowMs())
    if (now !== date) {
      date = now
      counted = 0
    }
    return counted
  }
  return {
    count: () => {
      counted = today() + 1
    },
    today,
  }
}
