import type { SimulatorClock } from '../clock.ts'
import type { Zone } from '../zone.ts'

/** Counts the API calls of the organisation's day. */
export interface CallCounter {
  count(): void
  today(): number
  /** The three headers of an API answer; they tell of the day alone (docs/reference/zoho.md, calls). */
  headers(): Record<string, string>
}

/** Starts counting; the count begins anew at local midnight. */
export function callCounter(clock: SimulatorClock, zone: Zone, dailyCalls: number): CallCounter {
  let date = ''
  let calls = 0
  const today = () => {
    const now = zone.date(clock.nowMs())
    if (now !== date) {
      date = now
      calls = 0
    }
    return calls
  }
  return {
    count: () => {
      calls = today() + 1
    },
    today,
    headers: () => ({
      'X-Rate-Limit-Limit': String(dailyCalls),
      'X-Rate-Limit-Remaining': String(Math.max(0, dailyCalls - today())),
      'X-Rate-Limit-Reset': String(zone.secondsToMidnight(clock.nowMs())),
    }),
  }
}
