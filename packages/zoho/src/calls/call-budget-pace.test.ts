import { callLanes } from '@tds/core'
import { TdsError } from '@tds/runtime'
import { hurriedClock } from '@tds/runtime/testing'
import { createBudgetWorld, type BudgetProcess, type BudgetWorld } from '../testing/budget-world.ts'
import { mostWithin, strictZoho, type StrictZoho } from '../testing/strict-zoho.ts'

/** A minute of the world takes three seconds. */
const rate = 20
const start = '2026-06-15T10:00:00Z'
const minuteMs = 60_000

describe('callBudget over minutes', () => {
  let world: BudgetWorld
  let zoho: StrictZoho
  const clock = hurriedClock(rate)

  beforeEach(async () => {
    world = await createBudgetWorld()
    await world.clock.set(start, rate)
    zoho = strictZoho(world, clock)
  })

  afterEach(async () => {
    await world.drop()
  })

  /** Calls again and again until the time is over, as a loop with endless work does. */
  async function callOn(process: BudgetProcess, minutes: number, latencyMs: () => number): Promise<void> {
    const endsAt = Date.parse(start) + minutes * minuteMs
    while ((await world.clock.now()).getTime() < endsAt) {
      const lane = callLanes[Math.floor(Math.random() * callLanes.length)]
      try {
        await zoho.call(await process.enter(lane), latencyMs())
      } catch (error) {
        if (!(error instanceof TdsError && error.code === 'zoho_budget_wait')) throw error
      }
    }
  }

  it('F-20: never makes Zoho refuse: no window of a minute holds more calls than the limit, no moment more than may be in flight', async () => {
    const processes = Array.from({ length: 4 }, () =>
      world.process({ perMinute: 40, maxInFlight: 4, clock, patienceMs: 5000 }),
    )
    const latency = () => 50 + Math.random() ** 3 * 3000
    await Promise.all(processes.flatMap((process) => [1, 2, 3].map(() => callOn(process, 4, latency))))
    expect(mostWithin(zoho.arrivals(), minuteMs)).toBeLessThanOrEqual(40)
    expect(zoho.mostAtOnce()).toBeLessThanOrEqual(4)
    expect(zoho.arrivals().length).toBeGreaterThan(80)
  }, 60_000)

  it('lets a first load use at least 95 % of the minute when nothing else waits', async () => {
    const endsAt = Date.parse(start) + 4 * minuteMs
    const used: number[] = []
    // A machine that others use keeps no step with twenty minutes in one; slower, it shows what the budget allows.
    for (const hurry of [rate, rate / 2, rate / 5]) {
      const fresh = await createBudgetWorld()
      try {
        const slower = hurriedClock(hurry)
        await fresh.clock.set(start, hurry)
        const patient = strictZoho(fresh, slower)
        const process = fresh.process({ perMinute: 90, maxInFlight: 5, clock: slower, patienceMs: 20_000 })
        await Promise.all(
          Array.from({ length: 8 }, async () => {
            while ((await fresh.clock.now()).getTime() < endsAt)
              await patient.call(await process.enter('backfill'), 300)
          }),
        )
        const settled = patient.arrivals().filter((at) => at >= Date.parse(start) + minuteMs && at < endsAt)
        expect(mostWithin(patient.arrivals(), minuteMs)).toBeLessThanOrEqual(90)
        used.push(settled.length / (3 * 90))
      } finally {
        await fresh.drop()
      }
      if (Math.max(...used) >= 0.95) break
    }
    expect(Math.max(...used)).toBeGreaterThanOrEqual(0.95)
  }, 120_000)
})
