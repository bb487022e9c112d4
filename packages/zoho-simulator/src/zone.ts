/** The organisation's time zone: how it writes times, and when its day ends. */
export interface Zone {
  readonly name: string
  /** `2026-07-21T16:03:55+0300`: offset without a colon, as Zoho writes it. */
  time(ms: number): string
  /** The local calendar day, `2026-07-21`. */
  date(ms: number): string
  /** What Zoho's x-rate-limit-reset tells (docs/reference/zoho.md, calls). */
  secondsToMidnight(ms: number): number
  /** The next moment at which the offset from UTC is another one; null if there is none within a year. */
  nextOffsetChange(ms: number): number | null
}

/** Opens a zone by its IANA name; throws RangeError if there is none of that name. */
export function openZone(name: string): Zone {
  const offsetAt = offsets(name)
  const local = (ms: number) => new Date(ms + offsetAt(ms)).toISOString()
  return {
    name,
    time: (ms) => `${local(ms).slice(0, 19)}${writeOffset(offsetAt(ms))}`,
    date: (ms) => local(ms).slice(0, 10),
    secondsToMidnight: (ms) => {
      const nextDay = Date.parse(`${local(ms).slice(0, 10)}T00:00:00Z`) + day
      // The offset at midnight may be another one than now.
      const midnight = nextDay - offsetAt(nextDay - offsetAt(ms))
      return Math.max(1, Math.ceil((midnight - ms) / 1000))
    },
    nextOffsetChange: (ms) => nextChange(offsetAt, ms),
  }
}

function nextChange(offsetAt: (ms: number) => number, ms: number): number | null {
  const offset = offsetAt(ms)
  for (let ahead = 1; ahead <= 366; ahead++) {
    const from = ms + (ahead - 1) * day
    if (offsetAt(from + day) === offset) continue
    let quarter = (Math.floor(from / quarterHour) + 1) * quarterHour
    while (offsetAt(quarter) === offset) quarter += quarterHour
    return quarter
  }
  return null
}

/** Reads a time as Zoho writes it, colon and Z accepted; null if it is none. */
export function readTime(text: string): number | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:Z|([+-]\d\d):?(\d\d))$/.exec(text)
  if (match === null) return null
  const [, dateTime = '', hours = '+00', minutes = '00'] = match
  const ms = Date.parse(`${dateTime}${hours}:${minutes}`)
  return Number.isNaN(ms) ? null : ms
}

/** One day in milliseconds. */
export const day = 86_400_000

const quarterHour = 900_000

/** Offsets from UTC in milliseconds, remembered: asking Intl is slow, and offsets only change at quarter hours. */
function offsets(timeZone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  const known = new Map<number, number>()
  return (ms) => {
    const quarter = Math.floor(ms / quarterHour)
    let offset = known.get(quarter)
    if (offset === undefined) {
      offset = readOffset(format.format(quarter * quarterHour))
      known.set(quarter, offset)
    }
    return offset
  }
}

function readOffset(formatted: string): number {
  const match = /GMT([+-])(\d\d):(\d\d)$/.exec(formatted)
  if (match === null) return 0
  const minutes = Number(match[2]) * 60 + Number(match[3])
  return (match[1] === '-' ? -minutes : minutes) * 60_000
}

function writeOffset(offset: number): string {
  const minutes = Math.abs(offset) / 60_000
  const digits = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${offset < 0 ? '-' : '+'}${digits(minutes / 60)}${digits(minutes % 60)}`
}
