import { TdsError } from '@tds/runtime'
import type { ExactJson } from '../json/index.ts'

/**
 * Reads a time as Zoho writes it: `2026-07-21T16:03:55+0100`, the offset also with a colon or as `Z`, perhaps with a
 * fraction. Zoho's own form lacks the colon, which JavaScript's parser accepts without promising to; and that parser
 * turns 30 February into 2 March. Years 1970 to 9999.
 * Throws TdsError `bad_time` for anything that is not exactly one instant; a blank is the caller's to tell.
 */
export function readZohoTime(value: ExactJson): Date {
  const match = typeof value === 'string' && value.length <= longestTime ? zohoTime.exec(value) : null
  if (match === null) throw badTime('it does not have the form 2026-07-21T16:03:55+0100')
  const [, clock = '', fraction = '', zone = 'Z', sign = '+', hours = '0', minutes = '0'] = match
  const local = Date.parse(`${clock}.${fraction.padEnd(3, '0')}Z`)
  // Date.parse lets the days of a short month run over into the next one; written out again, they differ.
  if (Number.isNaN(local) || !new Date(local).toISOString().startsWith(clock)) {
    throw badTime('there is no such day or hour')
  }
  const instant = local - (zone === 'Z' ? 0 : offsetMillis(sign, Number(hours), Number(minutes)))
  if (instant < 0 || instant > lastInstant) throw badTime('it lies outside the years 1970 to 9999')
  return new Date(instant)
}

// A Date holds milliseconds, so a fraction may be longer only by zeros.
const zohoTime = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,3})0*)?(Z|([+-])(\d{2}):?(\d{2}))$/
const longestTime = 40
const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
/** Civil time runs from -12:00 to +14:00. */
const furthestOffsetHours = 14

function offsetMillis(sign: string, hours: number, minutes: number): number {
  if (hours > furthestOffsetHours || minutes > 59) throw badTime('there is no such offset from UTC')
  return (sign === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** Says what is wrong without repeating the text, which may be anything. */
function badTime(problem: string): TdsError {
  return new TdsError(`This is no time of Zoho's: ${problem}.`, {
    code: 'bad_time',
    disposition: 'dead-letter',
    nextStep: 'Correct the sender, or the text configured for the webhook, and send the record again.',
  })
}
