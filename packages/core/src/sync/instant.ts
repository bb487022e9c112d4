/** A point in time as microseconds since 1970: Postgres keeps microseconds, a JavaScript Date would drop three digits. Exact up to the year 2255. */
export type Instant = number

/** A minute between two instants. */
export const minuteMicros: Instant = 60 * 1_000_000

/** Milliseconds to the instant. */
export function instantOfMillis(millis: number): Instant {
  return millis * 1000
}

/** Reads what Postgres prints for a `timestamptz` in a UTC session: `2026-07-21 15:03:55.123456+00`. Throws RangeError on anything else. */
export function readInstant(text: string): Instant {
  const match = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(text)
  if (match === null) throw new RangeError(`Not a UTC timestamp of Postgres: ${text}`)
  const [, date = '', time = '', fraction = ''] = match
  return Date.parse(`${date}T${time}Z`) * 1000 + Number(fraction.padEnd(6, '0'))
}

/** Writes the instant so that Postgres reads it back to the microsecond. */
export function writeInstant(instant: Instant): string {
  const millis = Math.floor(instant / 1000)
  const micros = String(instant - millis * 1000).padStart(3, '0')
  return new Date(millis).toISOString().replace('Z', `${micros}+00`)
}
