import fc from 'fast-check'
import { cronSchema, dueAt } from './due-at.ts'

const never = { succeededAt: null, failures: 0, endedAt: null }

describe('dueAt', () => {
  it('is at once where no run ended well', () => {
    expect(dueAt('0 2 * * *', 'UTC', never)).toBe(-Infinity)
  })

  it.each([
    ['*/15 * * * *', 'UTC', '2026-07-01T10:07:00Z', '2026-07-01T10:15:00.000Z'],
    ['*/15 * * * *', 'UTC', '2026-07-01T10:15:00Z', '2026-07-01T10:30:00.000Z'],
    ['0 2 * * *', 'Asia/Baghdad', '2026-07-01T10:00:00Z', '2026-07-01T23:00:00.000Z'],
    // The hour that the clocks skip, and the one that they show twice.
    ['30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', '2026-03-29T01:30:00.000Z'],
    ['30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00.000Z'],
  ])('of %s in %s after a success at %s is %s', (cron, zone, succeeded, due) => {
    const succeededAt = at(succeeded)
    expect(isoOf(dueAt(cron, zone, { succeededAt, failures: 0, endedAt: succeededAt }))).toBe(due)
  })

  it('does not lose the time at which nobody was there', () => {
    const due = dueAt('0 2 * * *', 'UTC', { ...never, succeededAt: at('2026-07-01T02:00:05Z') })
    expect(due).toBeLessThan(at('2026-07-04T09:00:00Z'))
  })

  it('waits longer with each failure, an hour at most, and never for less than the schedule says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (failures) => {
        const endedAt = at('2026-07-01T10:00:00Z')
        const wait = (count: number) =>
          dueAt('*/15 * * * *', 'UTC', { succeededAt: null, failures: count, endedAt }) - endedAt
        expect(wait(failures)).toBe(Math.min(60, 2 ** (failures - 1)) * 60_000_000)
        const soon = { succeededAt: endedAt, failures, endedAt }
        expect(dueAt('0 0 1 1 *', 'UTC', soon)).toBe(at('2027-01-01T00:00:00Z'))
      }),
    )
  })
})

describe('cronSchema', () => {
  it.each(['*/15 * * * *', '0 2 * * 1-5', '0 */4 1 * *'])('accepts %s', (text) => {
    expect(cronSchema.safeParse(text).success).toBe(true)
  })

  it.each(['', 'every night', '* * * *', '61 * * * *', '* * * * * *', '@daily'])('refuses %p', (text) => {
    expect(cronSchema.safeParse(text).success).toBe(false)
  })
})

function at(iso: string): number {
  return Date.parse(iso) * 1000
}

function isoOf(instant: number): string {
  return new Date(instant / 1000).toISOString()
}
