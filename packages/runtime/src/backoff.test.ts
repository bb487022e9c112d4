import fc from 'fast-check'
import { backoffMs } from './backoff.ts'

const options = fc.record({
  attempt: fc.integer({ min: -3, max: 100_000 }),
  baseMs: fc.integer({ min: 1, max: 60_000 }),
  maxMs: fc.integer({ min: 1, max: 3_600_000 }),
  share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
})

describe('backoffMs', () => {
  it('is a whole number from nothing to the ceiling, however many attempts', () => {
    fc.assert(
      fc.property(options, ({ share, ...rest }) => {
        const wait = backoffMs({ ...rest, random: () => share })
        expect(Number.isInteger(wait)).toBe(true)
        expect(wait).toBeGreaterThanOrEqual(0)
        expect(wait).toBeLessThanOrEqual(rest.maxMs)
      }),
    )
  })

  it('never shortens from one attempt to the next at the same luck', () => {
    fc.assert(
      fc.property(options, ({ share, attempt, ...rest }) => {
        const wait = (of: number): number => backoffMs({ ...rest, attempt: of, random: () => share })
        expect(wait(attempt + 1)).toBeGreaterThanOrEqual(wait(attempt))
      }),
    )
  })

  it('doubles its ceiling with every failure until the highest', () => {
    const ceilings = [1, 2, 3, 4, 5, 50].map((attempt) =>
      backoffMs({ attempt, baseMs: 1000, maxMs: 9000, random: () => 1 - Number.EPSILON }),
    )
    expect(ceilings).toEqual([999, 1999, 3999, 7999, 8999, 8999])
  })

  it('spreads over the whole range by itself', () => {
    const waits = Array.from({ length: 500 }, () => backoffMs({ attempt: 1, baseMs: 1000, maxMs: 1000 }))
    expect(Math.min(...waits)).toBeLessThan(200)
    expect(Math.max(...waits)).toBeGreaterThan(800)
  })
})
