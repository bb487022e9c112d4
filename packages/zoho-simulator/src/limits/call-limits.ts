import type { SimulatorClock } from '../clock.ts'
import { tooManyAtOnce, tooManyInMinute, tooManyToday, type Answer } from '../http/answer.ts'
import type { Switches } from '../switches/switches.ts'
import type { Zone } from '../zone.ts'
import { dayCounter } from './day-counter.ts'
import type { LimitName } from './limit-name.ts'
import { minuteWindow } from './minute-window.ts'

/** The three limits of an organisation's calls (docs/reference/zoho.md, calls). */
export interface CallLimits {
  /** A call begins; the function returned ends it. */
  enter(): () => void
  inFlight(): number
  /** Counts a call that is in flight already, or refuses it. A refused call counts nowhere. */
  admit(): { limit: LimitName; answer: Answer } | null
  inMinute(): number
  today(): number
  /** The three headers of an API answer; they tell of the day alone. */
  headers(): Record<string, string>
}

/** Begins to count calls. */
export function callLimits(clock: SimulatorClock, zone: Zone, switches: Readonly<Switches>): CallLimits {
  const day = dayCounter(clock, zone)
  const minute = minuteWindow(clock)
  let inFlight = 0
  return {
    enter: () => {
      inFlight++
      let ended = false
      return () => {
        if (!ended) inFlight--
        ended = true
      }
    },
    inFlight: () => inFlight,
    admit: () => {
      const { callsInFlight, callsPerMinute, dailyCalls } = switches
      if (callsInFlight !== null && inFlight > callsInFlight)
        return { limit: 'in-flight', answer: tooManyAtOnce() }
      if (callsPerMinute !== null && minute.size() >= callsPerMinute)
        return { limit: 'minute', answer: tooManyInMinute() }
      if (day.today() >= dailyCalls) return { limit: 'day', answer: tooManyToday(dailyCalls) }
      minute.add()
      day.count()
      return null
    },
    inMinute: minute.size,
    today: day.today,
    headers: () => ({
      'X-Rate-Limit-Limit': String(switches.dailyCalls),
      'X-Rate-Limit-Remaining': String(Math.max(0, switches.dailyCalls - day.today())),
      'X-Rate-Limit-Reset': String(zone.secondsToMidnight(clock.nowMs())),
    }),
  }
}
