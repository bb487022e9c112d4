import { createTestDatabase, takeOverClock, type TestDatabase } from '@tds/db/testing'
import { hurriedClock } from '@tds/runtime/testing'
import { createSimulator, type CallCounts, type FaultRule, type Simulator } from '@tds/zoho-simulator'
import { readOn, zohoWorker, type LoopTally, type ZohoWorker } from './zoho-worker.ts'

/** A minute of the world takes three seconds. */
const rate = 20
const clock = hurriedClock(rate)
const minuteMs = 60_000
const perMinute = 90
const workers = 8

const types = ['product', 'customer', 'invoice', 'bill', 'credit_note'] as const

/** What eight workers want, each: a first load without end, and now and then something more urgent. */
const loops = [
  { lane: 'reread', pauseMs: 40_000 },
  { lane: 'repair', pauseMs: 60_000 },
  { lane: 'incremental', pauseMs: 60_000 },
  { lane: 'ripple', pauseMs: 60_000 },
  { lane: 'backfill', pauseMs: 0 },
  { lane: 'backfill', pauseMs: 0 },
] as const

const faults: readonly FaultRule[] = [
  { fault: 'internal-error', share: 0.02 },
  { fault: 'html-page', share: 0.02 },
  { fault: 'empty-body', share: 0.01 },
  { fault: 'garbage-json', share: 0.01 },
  { fault: 'reset', share: 0.02 },
  { fault: 'cut', share: 0.01 },
  { fault: 'token-dies', share: 0.004 },
  { fault: 'rate-limited', code: 1070, share: 0.005 },
]

interface TwoHours {
  readonly quiet: CallCounts
  readonly faulty: CallCounts
  readonly down: CallCounts
  readonly afterwards: CallCounts
  readonly tallies: ReadonlyMap<string, readonly LoopTally[]>
}

describe('eight workers and Zoho for two hours, hurried twenty times', () => {
  let database: TestDatabase
  let simulator: Simulator
  let lived: TwoHours
  const opened: ZohoWorker[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    const databaseClock = await takeOverClock(database.db)
    await databaseClock.set(new Date().toISOString(), rate)
    // 300 ms of the world for each call.
    simulator = createSimulator({ latencyMs: 15 })
    const { url } = await simulator.start()
    simulator.moveClock({ rate })
    for (let made = 0; made < workers; made += 1) {
      opened.push(
        zohoWorker({
          databaseUrl: database.url,
          access: simulator.access,
          zohoUrl: url,
          clock,
          perMinute,
          maxInFlight: 5,
          timeoutMs: 1000,
        }),
      )
    }
    lived = await liveThrough(simulator, opened)
    console.info(JSON.stringify(summaryOf(lived), null, 1))
  }, 900_000)

  afterAll(async () => {
    for (const { db } of opened) await db.close()
    await simulator.stop()
    await database.drop()
  })

  it('never make Zoho refuse a call for a limit of its own', () => {
    for (const phase of [lived.quiet, lived.faulty, lived.down, lived.afterwards])
      expect(phase.refusedBy).toEqual({ 'in-flight': 0, minute: 0, day: 0 })
  })

  it('use at least 95 % of the calls that they are allowed while nothing is wrong', () => {
    expect(lived.quiet.calls / (18 * perMinute)).toBeGreaterThanOrEqual(0.95)
  })

  it('mint one token an hour, and one more for each that died', () => {
    const phases = [lived.quiet, lived.faulty, lived.down, lived.afterwards]
    const issued = phases.reduce((sum, { tokensIssued }) => sum + tokensIssued, 0)
    const died = phases.reduce((sum, phase) => sum + (phase.faults['token-dies'] ?? 0), 0)
    // One before the quiet minutes are counted, then at most one an hour.
    expect(issued).toBeLessThanOrEqual(2 + died)
  })

  it('serve the lanes in order: whoever is more urgent waits less', () => {
    const [reread = 0, , , , backfill = 0] = ['reread', 'repair', 'incremental', 'ripple', 'backfill'].map(
      (lane) => middleOf((lived.tallies.get(lane) ?? []).flatMap(({ waits }) => waits)),
    )
    expect(reread).toBeLessThan(5000)
    expect(reread).toBeLessThan(backfill)
  })

  it('send a probe now and then while Zoho is down, and come back to their full pace afterwards', () => {
    expect(lived.down.calls).toBeLessThanOrEqual(20)
    expect(lived.afterwards.calls / (20 * perMinute)).toBeGreaterThanOrEqual(0.85)
  })
})

/** Two quiet minutes to begin with; then eighteen quiet ones, forty with faults, ten without Zoho, and what is left. */
async function liveThrough(simulator: Simulator, workersOf: readonly ZohoWorker[]): Promise<TwoHours> {
  const stop = new AbortController()
  const running = workersOf.flatMap((worker, index) =>
    loops.map(async ({ lane, pauseMs }, number) => {
      const type = types[(index + number) % types.length] ?? 'product'
      const ids = simulator
        .truth(type)
        .records.slice(0, 500)
        .map(({ id }) => id)
      const { organizationId } = simulator.access
      const tally = await readOn(worker, {
        organizationId,
        type,
        ids,
        lane,
        pauseMs,
        clock,
        signal: stop.signal,
      })
      return [lane, tally] as const
    }),
  )
  const phase = async (minutes: number): Promise<CallCounts> => {
    simulator.clearCalls()
    await clock.sleep(minutes * minuteMs)
    return simulator.callCounts()
  }
  await phase(2)
  const quiet = await phase(18)
  for (const rule of faults) simulator.faults.add(rule)
  const faulty = await phase(40)
  simulator.faults.remove()
  simulator.faults.goDown({ fault: 'html-page' })
  await phase(1)
  const down = await phase(9)
  simulator.faults.remove('down')
  await phase(10)
  const afterwards = await phase(20)
  const rest = await phase(20)
  stop.abort()
  const tallies = new Map<string, LoopTally[]>()
  for (const [lane, tally] of await Promise.all(running))
    tallies.set(lane, [...(tallies.get(lane) ?? []), tally])
  return {
    quiet,
    faulty,
    down,
    afterwards: { ...afterwards, refusedBy: sum(afterwards.refusedBy, rest.refusedBy) },
    tallies,
  }
}

function sum<K extends string>(left: Record<K, number>, right: Record<K, number>): Record<K, number> {
  const keys = Object.keys(left) as K[]
  return Object.fromEntries(keys.map((key) => [key, left[key] + right[key]])) as Record<K, number>
}

function middleOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function summaryOf({ tallies, ...phases }: TwoHours): Record<string, unknown> {
  const lanes = [...tallies].map(([lane, all]) => {
    const waits = all.flatMap((tally) => tally.waits).sort((a, b) => a - b)
    const errors: Record<string, number> = {}
    for (const tally of all)
      for (const [code, count] of Object.entries(tally.errors)) errors[code] = (errors[code] ?? 0) + count
    const reads = all.reduce((total, tally) => total + tally.reads, 0)
    return [
      lane,
      { reads, waitMs: { p50: middleOf(waits), p95: waits[Math.floor(waits.length * 0.95)] }, errors },
    ]
  })
  return { ...phases, lanes: Object.fromEntries(lanes) as Record<string, unknown> }
}
