import { entities } from '@tds/core'
import { certificateAges } from '@tds/db'
import { createTestDatabase, takeOverClock, type TestDatabase } from '@tds/db/testing'
import { createSimulator, type Simulator, type SimulatorOptions } from '@tds/zoho-simulator'
import { compareWithSimulator } from '../comparison/compare-with-simulator.ts'
import { seededChance } from '../deliveries/seeded-chance.ts'
import { measureStaleness, type FieldClass, type Staleness } from './staleness.ts'
import { steppedProduct, type SteppedProduct } from './stepped-product.ts'
import { steppedTime, type SteppedTime } from './stepped-time.ts'
import { planWeek, type ComingChange } from './week-of-changes.ts'
import { reportOf, type Week } from './week-report.ts'

const timeZone = 'Asia/Baghdad'
/** A Monday, eight in the morning there. */
const start = '2026-03-02T05:00:00Z'
const hourMs = 3_600_000
const dayMs = 24 * hourMs

const days = 7

describe.each([{ perDay: 2_000 }, { perDay: 5_000 }, { perDay: 10_000 }])(
  "a customer's first week under $perDay calls a day",
  ({ perDay }) => {
    let week: Week

    beforeAll(async () => {
      week = await live(perDay, days)
      console.info(reportOf(perDay, week))
    }, 7_200_000)

    it('makes Zoho refuse no call', () => {
      expect(week.refused).toEqual({ 'in-flight': 0, minute: 0, day: 0 })
    })

    it('fills the empty mirror as soon as the calls allow it', () => {
      expect(week.daysToLoad).not.toBeNull()
      expect(week.daysToLoad).toBeLessThan(perDay < 5_000 ? 4 : 1)
    })

    it('proves every type equal at least once in 26 hours from then on', () => {
      expect(Math.max(...Object.values(week.certificates))).toBeLessThanOrEqual(26)
    })

    it('leaves nothing different at the end but what is known to be on its way', () => {
      expect(week.unexpected).toEqual([])
    })
  },
)

interface WeekWorld {
  readonly database: TestDatabase
  readonly simulator: Simulator
  readonly time: SteppedTime
  readonly product: SteppedProduct
  readonly staleness: Staleness
}

async function live(perDay: number, days: number): Promise<Week> {
  const begunMs = performance.now()
  const database = await createTestDatabase()
  const time = await steppedTime(await takeOverClock(database.db), start)
  const simulator = createSimulator(worldOptions(perDay, () => time.nowMs()))
  const { url } = await simulator.start()
  const product = steppedProduct({
    databaseUrl: database.url,
    access: simulator.access,
    zohoUrl: url,
    time,
    timeZone,
    perMinute: 90,
    perDay,
    sweepsLedger: true,
  })
  await product.start()
  const staleness = measureStaleness(database.db, simulator, () => time.nowMs())
  const world = { database, simulator, time, product, staleness }
  try {
    const { loadedMs, certificates } = await liveThrough(world, days)
    const { different, unexpected } = await differencesOf(world)
    const { refusedBy: refused, mostInMinute } = simulator.callCounts()
    return {
      calls: await callsOf(world),
      daysToLoad: loadedMs === null ? null : (loadedMs - Date.parse(start)) / dayMs,
      stalenessBefore: staleness.minutes({ fromMs: 0, beforeMs: loadedMs ?? Infinity }),
      staleness: staleness.minutes({ fromMs: loadedMs ?? Infinity, beforeMs: Infinity }),
      certificates,
      refused,
      mostInMinute,
      different,
      unexpected,
      machineMinutes: (performance.now() - begunMs) / 60_000,
    }
  } finally {
    await product.stop()
    await simulator.stop()
    await database.drop()
  }
}

/** The customer's size, and the limits that Zoho has. */
function worldOptions(perDay: number, clock: () => number): SimulatorOptions {
  return {
    seed: 'week',
    timeZone,
    clock,
    dailyCalls: perDay,
    callsPerMinute: 100,
    callsInFlight: 10,
    stockFollowsDocuments: true,
    balancesFollowDocuments: true,
  }
}

interface Lived {
  readonly loadedMs: number | null
  readonly certificates: Record<string, number>
}

async function liveThrough(world: WeekWorld, days: number): Promise<Lived> {
  const { time, product, staleness } = world
  const startMs = Date.parse(start)
  const endMs = startMs + days * dayMs
  const coming = planWeek({ startMs, days, chance: seededChance(7) })
  const certificates: Record<string, number> = {}
  let loadedMs: number | null = null
  let nextHourMs = startMs + hourMs
  while (time.nowMs() < endMs) {
    for (let change = coming[0]; change !== undefined && change.atMs <= time.nowMs(); change = coming[0]) {
      coming.shift()
      await happen(world, change)
    }
    if (nextHourMs <= time.nowMs()) {
      nextHourMs += hourMs
      tellProgress(world, startMs)
      if (loadedMs !== null) await noteCertificates(world, certificates)
    }
    if (await product.step()) {
      await staleness.look()
      if (loadedMs === null && (await isLoaded(world))) loadedMs = time.nowMs()
      continue
    }
    const workMs = (await product.nextWorkMs()) ?? Infinity
    await time.advanceTo(
      Math.min(coming[0]?.atMs ?? Infinity, workMs, product.nextLookMs(), nextHourMs, endMs) + 1,
    )
  }
  return { loadedMs, certificates }
}

/** Jest shows what a test says only at its end, and this one takes a while. */
function tellProgress({ time, simulator }: WeekWorld, startMs: number): void {
  const hours = Math.floor((time.nowMs() - startMs) / hourMs)
  if (hours % 6 === 0)
    process.stderr.write(`${String(hours)} hours, ${String(simulator.callCounts().calls)} calls\n`)
}

/** Something changes in Zoho, and with it what follows silently; its webhook comes at once if it comes. */
async function happen(
  { simulator, product, staleness }: WeekWorld,
  { type, kind, told }: ComingChange,
): Promise<void> {
  simulator.silentChanges.clear()
  const change = type === 'price_list' ? { change: 'rates' } : {}
  const id = idFor(simulator, type, kind)
  const mutation = simulator.mutate({ type, kind, ...change, ...(id === undefined ? {} : { id }) })
  if (kind === 'delete') staleness.changed(type, mutation.id, 'deletion')
  else staleness.changed(type, mutation.id, 'list fields', 'details')
  for (const silent of simulator.silentChanges.all())
    staleness.changed(silent.type, silent.id, ...(silentClasses[silent.type] ?? []))
  if (told) await product.take(simulator.deliveryOf(mutation))
}

const silentClasses: Readonly<Partial<Record<string, readonly FieldClass[]>>> = {
  product: ['stock', 'stock by location'],
  customer: ['balances'],
}

/** Price lists have their rates edited only where they have rates of their own. */
function idFor(
  simulator: Simulator,
  type: ComingChange['type'],
  kind: ComingChange['kind'],
): string | undefined {
  if (type !== 'price_list' || kind !== 'update') return undefined
  return simulator
    .truth(type)
    .records.find(
      ({ detail }) => Array.isArray(detail['pricebook_items']) && detail['pricebook_items'].length > 0,
    )?.id
}

/** Every list was read whole, and no detail that the load found is still owed. */
async function isLoaded({ database }: WeekWorld): Promise<boolean> {
  const { rows } = await database.db.query<{ loaded: boolean }>(
    `SELECT (SELECT count(*) FROM tds_sync_cursors
              WHERE source_type = 'scheduled' AND last_entity_version IS NOT NULL) = $1
            AND NOT EXISTS (SELECT FROM tds_owed_reads WHERE reason = 'backfill') AS loaded`,
    [entities.length],
  )
  return rows[0]?.loaded ?? false
}

async function noteCertificates({ database }: WeekWorld, worst: Record<string, number>): Promise<void> {
  const ages = await certificateAges(
    database.db,
    entities.map(({ type }) => type),
  )
  for (const { entity_type: type, issued_seconds: issued, loaded_seconds: loaded } of ages)
    worst[type] = Math.max(worst[type] ?? 0, (issued ?? loaded ?? 0) / 3600)
}

async function callsOf({ database }: WeekWorld): Promise<Week['calls']> {
  const { rows } = await database.db.query<Week['calls'][number]>(
    `SELECT day::text, lane, purpose, calls::int FROM tds_v_calls_by_purpose ORDER BY day, lane, purpose`,
  )
  return rows
}

async function differencesOf({ database, simulator, staleness }: WeekWorld) {
  const open = staleness.open()
  const verdicts = await compareWithSimulator(database.db, simulator)
  const different = verdicts.flatMap(({ type, differences }) =>
    differences.map(({ zohoId, says }) => ({ record: `${type} ${zohoId}`, says })),
  )
  return {
    different: new Set(different.map(({ record }) => record)).size,
    unexpected: different
      .filter(({ record }) => !open.has(record))
      .map(({ record, says }) => `${record} ${says}`),
  }
}
