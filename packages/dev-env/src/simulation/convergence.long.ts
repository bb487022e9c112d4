import { askForRun, entities } from '@tds/core'
import { unconservedEvents } from '@tds/db'
import { createTestDatabase, takeOverClock, type TestDatabase } from '@tds/db/testing'
import { createSimulator, type CallCounts, type Simulator } from '@tds/zoho-simulator'
import type { Verdict } from '../comparison/compare-records.ts'
import { compareWithSimulator } from '../comparison/compare-with-simulator.ts'
import { steppedProduct, type SteppedProduct } from './stepped-product.ts'
import { steppedTime, type SteppedTime } from './stepped-time.ts'

const seeds = ['amber', 'birch', 'cedar', 'delta', 'ember', 'fjord', 'grove', 'heath', 'inlet', 'jetty']
const timeZone = 'Asia/Baghdad'
const rowsPerPage = 200
/** Small, and yet two pages of products and of customers. */
const size = {
  items: 230,
  customers: 210,
  vendors: 12,
  invoices: 60,
  bills: 20,
  creditNotes: 12,
  stockAdjustments: 10,
}
const stormDeliveries = 300
const deliveredAtOnce = 20

/** What one seed came to. */
interface Outcome {
  readonly seed: string
  readonly records: number
  readonly loadCalls: number
  readonly deliveries: number
  readonly dropped: number
  readonly silent: number
  readonly differedBefore: number
  readonly calls: number
  readonly leastCalls: number
  readonly released: number
  readonly differences: readonly string[]
  readonly refused: CallCounts['refusedBy']
  readonly left: { readonly open: number; readonly waiting: number; readonly dead: number }
  readonly unconserved: readonly unknown[]
}

describe('an empty mirror, a storm of which a third is never told, and one comparison', () => {
  const outcomes: Outcome[] = []

  afterAll(() => {
    console.info(tableOf(outcomes))
  })

  it.each(seeds)(
    'leave every field of every record as Zoho has it, and nothing open (seed %s)',
    async (seed) => {
      const outcome = await live(seed)
      outcomes.push(outcome)
      const { differences, left, unconserved, refused } = outcome
      expect(differences).toEqual([])
      expect(left).toEqual({ open: 0, waiting: 0, dead: 0 })
      expect(unconserved).toEqual([])
      expect(refused).toEqual({ 'in-flight': 0, minute: 0, day: 0 })
    },
    300_000,
  )
})

/** One world from its first load to the comparison. */
interface ConvergingWorld {
  readonly database: TestDatabase
  readonly simulator: Simulator
  readonly time: SteppedTime
  readonly product: SteppedProduct
}

async function live(seed: string): Promise<Outcome> {
  const database = await createTestDatabase()
  const time = await steppedTime(await takeOverClock(database.db), '2026-03-02T06:00:00Z')
  const simulator = createSimulator({
    seed,
    size,
    timeZone,
    clock: () => time.nowMs(),
    stockFollowsDocuments: true,
    balancesFollowDocuments: true,
  })
  const { url } = await simulator.start()
  let loading = true
  const product = steppedProduct({
    databaseUrl: database.url,
    access: simulator.access,
    zohoUrl: url,
    time,
    timeZone,
    perMinute: 90,
    perDay: 10_000,
    sweepsLedger: false,
    schedules: () => ({ reads: loading, compares: false }),
  })
  await product.start()
  const world = { database, simulator, time, product }
  try {
    await settle(world, () => isLoaded(world))
    const loadCalls = simulator.callCounts().calls
    loading = false
    const storm = await raiseStorm(world, seed)
    await settle(world)
    const before = await compareWithSimulator(database.db, simulator)
    const { calls, released } = await compareOnce(world)
    return {
      seed,
      loadCalls,
      ...storm,
      ...expectedOf(simulator, before),
      calls,
      released,
      ...(await outcomeOf(world)),
    }
  } finally {
    await product.stop()
    await simulator.stop()
    await database.drop()
  }
}

/** Does whatever there is to do, skipping the time between, until nothing becomes due by itself and `isDone`. */
async function settle(
  { product, time }: ConvergingWorld,
  isDone: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<void> {
  for (;;) {
    while (await product.step());
    const dueMs = await product.nextWorkMs()
    if (dueMs === null && (await isDone())) return
    await time.advanceTo((dueMs ?? product.nextLookMs()) + 1)
  }
}

async function isLoaded({ database }: ConvergingWorld): Promise<boolean> {
  const { rows } = await database.db.query<{ loaded: number }>(
    `SELECT count(*)::int AS loaded FROM tds_sync_cursors
      WHERE source_type = 'scheduled' AND last_entity_version IS NOT NULL`,
  )
  return rows[0]?.loaded === entities.length
}

/** Everything changes in Zoho first; its webhooks come late, twice, in the wrong order or never, while the product works. */
async function raiseStorm({ simulator, product, time }: ConvergingWorld, seed: string) {
  await time.sleep(3_600_000)
  simulator.silentChanges.clear()
  const { deliveries, dropped } = simulator.plan({
    count: stormDeliveries,
    types: entities.map(({ type }) => type),
    kinds: { update: 84, create: 7, delete: 5, restore: 4 },
    duplicates: 0.15,
    reordered: 0.3,
    dropped: 0.33,
    forms: 0.2,
    seed,
  })
  for (let first = 0; first < deliveries.length; first += deliveredAtOnce) {
    const some = deliveries.slice(first, first + deliveredAtOnce)
    await Promise.all(some.map((delivery) => product.take(delivery)))
    await product.step()
    if (first % (5 * deliveredAtOnce) === 0) changeSilently(simulator, `${seed} ${String(first)}`)
    await time.sleep(2_000)
  }
  return {
    deliveries: deliveries.length,
    dropped: dropped.length,
    silent: simulator.silentChanges.all().length,
  }
}

/** Balances, credits and stock under the versions that they have, and two customers that become one. */
function changeSilently(simulator: Simulator, seed: string): void {
  simulator.drift({ count: 8, seed })
  const [into, from] = simulator
    .truth('customer')
    .records.filter(({ detail }) => detail['contact_type'] === 'customer')
  if (into !== undefined && from !== undefined) simulator.merge({ from: from.id, into: into.id })
}

/** One comparison of every type with all its reads, and then a person who releases what the fuses hold. */
async function compareOnce(world: ConvergingWorld): Promise<{ calls: number; released: number }> {
  const { database, simulator, product } = world
  const { organizationId } = simulator.access
  const callsBefore = simulator.callCounts().calls
  for (const entity of entities) {
    const wanted = {
      organizationId,
      entity,
      kind: 'reconciliation',
      mode: 'index',
      request: { repair: true },
    } as const
    await askForRun(database.db, wanted, {
      actor: 'operator',
      reason: 'a storm',
      dryRun: false,
      via: 'simulation',
    })
  }
  await settle(
    world,
    async () => (await countOf(world, `tds_sync_runs WHERE status::text IN ('waiting', 'running')`)) === 0,
  )
  const released = await product.releaseFuses()
  await settle(world)
  return { calls: simulator.callCounts().calls - callsBefore, released }
}

/** What the comparison has to find, and the calls without which nobody could: the pages of the lists, and a read of each record that differs. */
function expectedOf(simulator: Simulator, before: readonly Verdict[]) {
  const { records } = simulator.state()
  let leastCalls = 0
  let differedBefore = 0
  for (const { type, source } of entities) {
    const different = new Set(
      before.find((verdict) => verdict.type === type)?.differences.map(({ zohoId }) => zohoId),
    ).size
    differedBefore += different
    leastCalls += Math.max(1, Math.ceil(records[type].living / rowsPerPage))
    leastCalls += Math.ceil(different / (source.bulk?.limit ?? 1))
  }
  const living = Object.values(records).reduce((sum, { living: count }) => sum + count, 0)
  return { records: living, differedBefore, leastCalls }
}

async function outcomeOf(world: ConvergingWorld) {
  const { database, simulator } = world
  const verdicts = await compareWithSimulator(database.db, simulator)
  return {
    differences: verdicts.flatMap(({ type, differences }) =>
      differences.map(({ zohoId, says }) => `${type} ${zohoId} ${says}`),
    ),
    left: {
      open: await countOf(world, 'tds_reconciliation_differences WHERE settled_at IS NULL'),
      waiting: await countOf(world, `tds_inbox_events WHERE status IN ('pending', 'processing', 'retry')`),
      dead: await countOf(world, `tds_dead_letter_queue WHERE status = 'open'`),
    },
    unconserved: await unconservedEvents(database.db),
    refused: simulator.callCounts().refusedBy,
  }
}

async function countOf({ database }: ConvergingWorld, what: string): Promise<number> {
  const { rows } = await database.db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${what}`)
  return rows[0]?.count ?? 0
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) =>
    [
      outcome.seed.padEnd(6),
      outcome.records,
      outcome.loadCalls,
      outcome.deliveries,
      outcome.dropped,
      outcome.silent,
      outcome.differedBefore,
      outcome.calls,
      outcome.leastCalls,
      outcome.released,
      outcome.differences.length,
    ].join(' | '),
  )
  return [
    'seed | records | calls of the load | webhooks | never told | silent | different before | calls | least | released | different',
    ...rows,
  ].join('\n')
}
