import fc from 'fast-check'
import type { CallBudgetStatus } from '@tds/db'
import { allowanceOf, estimateRun, secondsFor, type CallAllowance } from './estimate.ts'

const free: CallAllowance = { perMinute: 60, leftToday: null, perDay: null, dayEndsInSeconds: 3600 }
const day = 86_400

describe('estimateRun', () => {
  it('counts the pages that are left, and a detail for each of their rows in a first load', () => {
    const work = { rows: 1000, owesEach: true, details: 40, detailsPerCall: 1 }
    expect(estimateRun(work, free)).toEqual({ pageCalls: 5, detailCalls: 1040, calls: 1045, seconds: 1045 })
  })

  it('counts a hundred details a call where the source has a call for many', () => {
    const work = { rows: 1000, owesEach: true, details: 40, detailsPerCall: 100 }
    expect(estimateRun(work, free)).toMatchObject({ pageCalls: 5, detailCalls: 11, calls: 16 })
  })

  it('knows what is owed already where the list is walked to its end', () => {
    const work = { rows: 0, owesEach: true, details: 40, detailsPerCall: 1 }
    expect(estimateRun(work, free)).toMatchObject({ pageCalls: 0, calls: 40 })
  })

  it('does not guess: a list of unknown length and unknown limits give null', () => {
    const work = { rows: null, owesEach: false, details: 40, detailsPerCall: 1 }
    expect(estimateRun(work, free)).toEqual({ pageCalls: null, detailCalls: 40, calls: null, seconds: null })
    expect(estimateRun({ ...work, owesEach: true }, free)).toMatchObject({ detailCalls: null })
    expect(estimateRun({ ...work, rows: 1 }, null)).toMatchObject({ calls: 41, seconds: null })
  })
})

describe('secondsFor', () => {
  it.each([
    ['nothing', 0, 0],
    ['what today has left', 100, 100],
    ['more than today has left', 150, 3600 + 50],
    ['all of the next day too', 100 + 1000, 3600 + 1000],
    ['one more than the next day has', 100 + 1000 + 1, 3600 + day + 1],
    ['days and days', 100 + 3 * 1000, 3600 + 2 * day + 1000],
  ])('of %s', (_, calls, seconds) => {
    const allowance = { perMinute: 60, leftToday: 100, perDay: 1000, dayEndsInSeconds: 3600 }
    expect(secondsFor(calls, allowance)).toBe(seconds)
  })

  it('does not put more calls into what is left of a day than its minutes allow', () => {
    const allowance = { perMinute: 10, leftToday: 1000, perDay: 1000, dayEndsInSeconds: 120 }
    expect(secondsFor(30, allowance)).toBe(120 + 60)
  })

  it('is null where the limits allow no calls at all', () => {
    expect(secondsFor(1, { ...free, perMinute: 0 })).toBeNull()
    expect(secondsFor(1, { ...free, leftToday: 0, perDay: 0 })).toBeNull()
  })

  it('never falls when there is more to do', () => {
    fc.assert(
      fc.property(
        fc.nat(5000),
        fc.nat(500),
        fc.nat(1000),
        fc.integer({ min: 1, max: 1000 }),
        (n, more, left, perDay) => {
          const allowance = { perMinute: 7, leftToday: left, perDay, dayEndsInSeconds: 5000 }
          expect(secondsFor(n + more, allowance)).toBeGreaterThanOrEqual(secondsFor(n, allowance) ?? Infinity)
        },
      ),
    )
  })
})

describe('allowanceOf', () => {
  const budget: CallBudgetStatus = {
    organization_id: '1',
    minute_used: 3,
    minute_limit: 90,
    in_flight: 0,
    in_flight_limit: 5,
    day_used: 200,
    day_limit: 2000,
    day_left: 1800,
    day_ends_in: 7200,
    paused_for: null,
    pause_code: null,
    exhausted_for: null,
    pace: 0,
    lasts_for: null,
    waiting: {},
  }

  it('leaves of the day what is kept for others, in proportion to what is left of it', () => {
    expect(allowanceOf({ ...budget, day_ends_in: 86_400 }, 0.2)).toMatchObject({
      leftToday: 1400,
      perDay: 1600,
    })
    expect(allowanceOf({ ...budget, day_ends_in: 21_600 }, 0.2)).toEqual({
      perMinute: 90,
      leftToday: 1700,
      perDay: 1600,
      dayEndsInSeconds: 21_600,
    })
    expect(allowanceOf({ ...budget, day_ends_in: 86_400, day_left: 300 }, 0.2)).toMatchObject({
      leftToday: 0,
    })
  })

  it('has nothing today once Zoho has said so, and goes on when that ends', () => {
    expect(allowanceOf({ ...budget, exhausted_for: 500 }, 0.2)).toMatchObject({
      leftToday: 0,
      dayEndsInSeconds: 500,
    })
  })

  it('knows no limit of the day where nobody has told one, and none at all where nobody called', () => {
    expect(allowanceOf({ ...budget, day_limit: null, day_left: null }, 0.2)).toMatchObject({
      leftToday: null,
      perDay: null,
    })
    expect(allowanceOf(undefined, 0.2)).toBeNull()
  })
})
