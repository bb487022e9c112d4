import fc from 'fast-check'
import { replayPace } from './replay-pace.ts'

/** Asks after each of these pauses, in milliseconds; answers with what was granted each time. */
function grants(rate: number, pauses: readonly number[]): number[] {
  let now = 0
  const pace = replayPace({ monotonicMs: () => now })
  return pauses.map((pause) => {
    now += pause
    return pace.take('operation', rate)
  })
}

describe('the pace of a replay', () => {
  it('spreads a second over its parts: twenty a second are four in every fifth of it', () => {
    expect(grants(20, [0, 200, 200, 200, 200, 200])).toEqual([1, 4, 4, 4, 4, 4])
  })

  it('keeps the fractions: one a second is one in five fifths', () => {
    const given = grants(1, [0, ...Array.from({ length: 25 }, () => 200)])
    expect(given.reduce((sum, one) => sum + one, 0)).toBe(6)
    expect(Math.max(...given)).toBe(1)
  })

  it('never grants more than its rate and what is saved up, and nothing is lost between short pauses', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 60 }),
        (rate, pauses) => {
          const given = grants(rate, [0, ...pauses]).reduce((sum, one) => sum + one, 0)
          const earned = (rate * pauses.reduce((sum, one) => sum + one, 0)) / 1000
          expect(given).toBeLessThanOrEqual(earned + 1 + 1e-6)
          if (rate >= 10) expect(given).toBeGreaterThan(earned - 1 - 1e-6)
        },
      ),
    )
  })

  it('does not make up for a long pause', () => {
    expect(grants(20, [0, 60_000])).toEqual([1, 10])
  })

  it('is of each operation by itself', () => {
    const pace = replayPace({ monotonicMs: () => 0 })
    expect([pace.take('one', 10), pace.take('two', 10)]).toEqual([1, 1])
  })
})
