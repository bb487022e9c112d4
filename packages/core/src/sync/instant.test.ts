import fc from 'fast-check'
import { instantOfMillis, readInstant, writeInstant } from './instant.ts'

describe('an instant', () => {
  it.each([
    ['2026-07-21 15:03:55+00', 1_784_646_235_000_000],
    ['2026-07-21 15:03:55.1+00', 1_784_646_235_100_000],
    ['2026-07-21 15:03:55.000001+00', 1_784_646_235_000_001],
  ])('reads %s to the microsecond', (text, instant) => {
    expect(readInstant(text)).toBe(instant)
  })

  it.each(['2026-07-21 15:03:55+01', 'infinity', '', '2026-07-21T15:03:55Z'])('refuses %s', (text) => {
    expect(() => readInstant(text)).toThrow(RangeError)
  })

  it('survives writing and reading', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000_000_000 }), (instant) => {
        const written = writeInstant(instant)
        expect(readInstant(written.replace('T', ' '))).toBe(instant)
      }),
    )
  })

  it('keeps the order of time', () => {
    expect(instantOfMillis(1_784_646_235_001)).toBeGreaterThan(readInstant('2026-07-21 15:03:55.000999+00'))
  })
})
