import fc from 'fast-check'
import { ExactNumber, type ExactJson } from '../json/index.ts'
import { readZohoTime } from './zoho-time.ts'

describe('readZohoTime', () => {
  it.each([
    ['2026-07-21T16:03:55+0100', '2026-07-21T15:03:55.000Z'],
    ['2026-07-21T16:03:55+01:00', '2026-07-21T15:03:55.000Z'],
    ['2026-07-21T15:03:55Z', '2026-07-21T15:03:55.000Z'],
    ['2026-07-21T15:03:55-0000', '2026-07-21T15:03:55.000Z'],
    ['2026-07-21T15:03:55.25Z', '2026-07-21T15:03:55.250Z'],
    ['2026-07-21T15:03:55.123000+0000', '2026-07-21T15:03:55.123Z'],
    ['2026-01-01T00:30:00+1400', '2025-12-31T10:30:00.000Z'],
    ['2026-12-31T23:59:59-1200', '2027-01-01T11:59:59.000Z'],
    ['2026-07-21T16:03:55+0545', '2026-07-21T10:18:55.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('reads %s as %s', (text, instant) => {
    expect(readZohoTime(text).toISOString()).toBe(instant)
  })

  it('reads the same instant in every offset, on both sides of a summer-time change', () => {
    const millis = fc.integer({ min: 86_400, max: 4_000_000_000 }).map((seconds) => seconds * 1000)
    fc.assert(
      fc.property(
        millis,
        fc.integer({ min: -12 * 60, max: 14 * 60 }),
        fc.constantFrom('', ':'),
        (instant, offset, colon) => {
          const clock = new Date(instant + offset * 60_000).toISOString().slice(0, 19)
          const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60]
          const zone = `${offset < 0 ? '-' : '+'}${twoDigits(hours)}${colon}${twoDigits(minutes)}`
          expect(readZohoTime(clock + zone).getTime()).toBe(instant)
        },
      ),
    )
  })

  it.each<[string, ExactJson]>([
    ['a blank', ''],
    ['null', null],
    ['a number of seconds', new ExactNumber('1784646235')],
    ['a date alone', '2026-07-21'],
    ['no offset', '2026-07-21T16:03:55'],
    ['no seconds', '2026-07-21T16:03Z'],
    ['a blank for the T', '2026-07-21 16:03:55+0100'],
    ['blanks around', ' 2026-07-21T16:03:55Z '],
    ['a line feed after it', '2026-07-21T16:03:55Z\n'],
    ['a small z', '2026-07-21T16:03:55z'],
    ['an offset of two digits', '2026-07-21T16:03:55+01'],
    ['an offset beyond any zone', '2026-07-21T16:03:55+2500'],
    ['an offset with 60 minutes', '2026-07-21T16:03:55+0160'],
    ['a name of a zone', '2026-07-21T16:03:55 IST'],
    ['30 February', '2026-02-30T00:00:00Z'],
    ['29 February of a common year', '2025-02-29T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['day 0', '2026-01-00T00:00:00Z'],
    ['hour 24', '2026-07-21T24:00:00Z'],
    ['second 60', '2026-07-21T23:59:60Z'],
    ['a fraction finer than a millisecond', '2026-07-21T16:03:55.1234Z'],
    ['an empty fraction', '2026-07-21T16:03:55.Z'],
    ['the year 294277', '+294277-01-01T00:00:00Z'],
    ['a year before 1970', '1969-12-31T23:59:59Z'],
    ['1970 only by its offset', '1970-01-01T00:00:00+0100'],
    ['9999 only by its offset', '9999-12-31T23:59:59-0100'],
    ['infinity', 'infinity'],
    ['Arabic digits', '٢٠٢٦-07-21T16:03:55Z'],
    ['ten thousand characters', `2026-07-21T16:03:55.1${'0'.repeat(10_000)}Z`],
  ])('refuses %s', (_, value) => {
    expect(() => readZohoTime(value)).toThrow(expect.objectContaining({ code: 'bad_time' }))
  })

  it('does not repeat what it refuses', () => {
    expect(() => readZohoTime('patient 4711')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('4711') }),
    )
  })
})

function twoDigits(number: number): string {
  return String(number).padStart(2, '0')
}
