import { openZone, readTime } from './zone.ts'

const beforeSummerTime = Date.UTC(2026, 2, 29, 0, 59, 59)

describe('a zone', () => {
  it('writes offsets without a colon', () => {
    expect(openZone('Asia/Baghdad').time(Date.UTC(2026, 6, 21, 13, 3, 55))).toBe('2026-07-21T16:03:55+0300')
    expect(openZone('America/St_Johns').time(Date.UTC(2026, 0, 5))).toBe('2026-01-04T20:30:00-0330')
    expect(openZone('UTC').time(0)).toBe('1970-01-01T00:00:00+0000')
  })

  it('changes the offset at the second at which summer time begins', () => {
    const dublin = openZone('Europe/Dublin')
    expect(dublin.time(beforeSummerTime)).toBe('2026-03-29T00:59:59+0000')
    expect(dublin.time(beforeSummerTime + 1000)).toBe('2026-03-29T02:00:00+0100')
  })

  it('ends its day at local midnight, also when the clock changes before it', () => {
    const dublin = openZone('Europe/Dublin')
    expect(openZone('Asia/Baghdad').secondsToMidnight(Date.UTC(2026, 6, 21, 20, 59, 30))).toBe(30)
    // That Sunday has 23 hours.
    expect(dublin.secondsToMidnight(Date.UTC(2026, 2, 29))).toBe(23 * 3600)
    expect(dublin.secondsToMidnight(Date.UTC(2026, 9, 24, 23))).toBe(25 * 3600)
  })

  it('tells the local day', () => {
    expect(openZone('Asia/Baghdad').date(Date.UTC(2026, 6, 21, 21))).toBe('2026-07-22')
  })

  it('refuses a name that no zone has', () => {
    expect(() => openZone('Baghdad')).toThrow(RangeError)
  })
})

describe('readTime', () => {
  it.each(['2026-07-21T16:03:55+0100', '2026-07-21T16:03:55+01:00', '2026-07-21T15:03:55Z'])(
    'reads %s',
    (text) => {
      expect(readTime(text)).toBe(Date.UTC(2026, 6, 21, 15, 3, 55))
    },
  )

  it.each(['2026-07-21T16:03:55 0100', '2026-07-21', '2026-13-01T00:00:00Z', ''])(
    'reads no time in %p',
    (text) => {
      expect(readTime(text)).toBeNull()
    },
  )
})
