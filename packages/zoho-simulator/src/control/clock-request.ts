import type { SimulatorClock } from '../clock.ts'
import type { Json } from '../exact/json.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import { readTime, type Zone } from '../zone.ts'
import { readInput } from './input.ts'

/** How the clock is to move; at most one of the first three. */
export interface ClockRequest {
  advanceSeconds?: number | undefined
  /** A time as Zoho writes it, or with Z. */
  to?: string | undefined
  /** The organisation's next midnight, or the moment at which its offset from UTC changes next. */
  until?: 'midnight' | 'offset-change' | undefined
  /** Seconds of the simulator for each second of the machine; 0 stands still. */
  rate?: number | undefined
}

/** Reads such a request. */
export function readClockRequest(body: Json): ClockRequest {
  const input = readInput(body, ['advanceSeconds', 'to', 'until', 'rate'])
  return {
    advanceSeconds: input.number('advanceSeconds'),
    to: input.text('to'),
    until: input.oneOf('until', ['midnight', 'offset-change']),
    rate: input.number('rate'),
  }
}

/** Moves the clock; throws InvalidInputError on what no clock does. */
export function moveClock(clock: SimulatorClock, zone: Zone, request: ClockRequest): void {
  const { advanceSeconds, to, until, rate } = request
  if ([advanceSeconds, to, until].filter((way) => way !== undefined).length > 1)
    throw new InvalidInputError('Name at most one of advanceSeconds, to, until')
  if (advanceSeconds === undefined && to === undefined && until === undefined && rate === undefined)
    throw new InvalidInputError('Name one of advanceSeconds, to, until, rate')
  if (rate !== undefined && !(rate >= 0 && rate <= mostRate))
    throw new InvalidInputError(`rate must be a number from 0 to ${mostRate}`)
  const ms = skipOf(clock, zone, request)
  if (!(ms >= 0)) throw new InvalidInputError('The clock only goes forward')
  clock.advance(ms)
  if (rate !== undefined) clock.runAt(rate)
}

const mostRate = 100_000

function skipOf(clock: SimulatorClock, zone: Zone, { advanceSeconds, to, until }: ClockRequest): number {
  const now = clock.nowMs()
  if (advanceSeconds !== undefined) return advanceSeconds * 1000
  if (to !== undefined) {
    const time = readTime(to)
    if (time === null) throw new InvalidInputError('to must be a time such as 2026-10-25T00:59:00+0100')
    return time - now
  }
  if (until === 'midnight') return zone.secondsToMidnight(now) * 1000
  if (until === undefined) return 0
  const change = zone.nextOffsetChange(now)
  if (change === null) throw new InvalidInputError(`The offset of ${zone.name} does not change within a year`)
  return change - now
}
