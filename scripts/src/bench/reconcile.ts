import { askForRun } from '@tds/core'
import { listRuns, readSingly, requestReads, type Database, type StoredRun } from '@tds/db'
import { startZohoOfProducts, type ZohoOfProducts } from '@tds/dev-env'
import { createBenchWorld, peakMemory } from './bench-world.ts'
import { damageRows, fingerprint } from './damaged-rows.ts'
import type { BenchResult, Figure } from './figures.ts'
import { fillMirror, productDefinition } from './loaded-mirror.ts'

/** What the bench does with how much. */
export interface ReconcileSizes {
  /** Records of the world whose memory is the peer. */
  readonly small: number
  readonly large: number
  readonly damaged: number
  /** Details that the peer reads; all of them would take too long. */
  readonly singleReads: number
}

/**
 * One comparison by the index of a mirror that equals Zoho, by the built worker against the simulator, then one that has
 * damaged rows to find and to repair. The peers of the same run: the list read by itself, a small world, and what one writes
 * on the first day, a read of every detail.
 */
export async function benchReconcile(sizes: ReconcileSizes): Promise<BenchResult> {
  const small = await inWorld(sizes.small, compareEqual)
  const large = await inWorld(sizes.large, async (world) => {
    const equal = await compareEqual(world)
    return { ...equal, repair: await compareDamaged(world, sizes), single: await readOneByOne(world, sizes) }
  })
  return {
    bench: 'reconcile',
    includes: `${String(sizes.large)} products, the mirror filled with the simulator's details through mapping and apply path, without calls; an index comparison by the built worker, with open limits: every page of the list, every mapped field of its rows, every row hash. Simulator and Postgres share the machine`,
    figures: [...figuresOfEqual(large, { small, sizes }), ...figuresOfDamage(large, sizes)],
  }
}

interface World {
  readonly db: Database
  readonly zoho: ZohoOfProducts
  readonly ids: readonly string[]
  readonly workerPid: number
}

/**
 * V8 lets garbage lie while it has room, which would be measured instead of what a run holds. In this much both worlds must
 * do: a run that held its records would not get through.
 */
const oldSpace = '--max-old-space-size=96'

async function inWorld<T>(records: number, act: (world: World) => Promise<T>): Promise<T> {
  const zoho = await startZohoOfProducts(records)
  try {
    const bench = await createBenchWorld()
    try {
      const ids = await fillMirror(bench.db, zoho)
      const worker = await bench.startWorker({ ...zoho.settings, NODE_OPTIONS: oldSpace })
      return await act({ db: bench.db, zoho, ids, workerPid: worker.pid() })
    } finally {
      await bench.close()
    }
  } finally {
    await zoho.stop()
  }
}

interface Equal {
  readonly pages: number
  readonly calls: number
  readonly seconds: number
  readonly differences: number
  readonly memory: number
  /** What the pages alone take, asked for one after the other and thrown away. */
  readonly listSeconds: number
}

async function compareEqual({ db, zoho, ids, workerPid }: World): Promise<Equal> {
  const { run, seconds } = await compare(db, zoho)
  if (run.read !== ids.length)
    throw new Error(`of ${String(ids.length)} records ${String(run.read)} were compared`)
  const differences = await expectDifferences(db, run, 0)
  const memory = await peakMemory(workerPid)
  const listSeconds = await readList(zoho)
  return { pages: zoho.pages, calls: run.api_calls, seconds, differences, memory, listSeconds }
}

/** Every tenth page stands for ten. */
async function readList(zoho: ZohoOfProducts): Promise<number> {
  let seconds = 0
  let asked = 0
  for (let page = 1; page <= zoho.pages; page += 10) {
    seconds += await zoho.readPage(page)
    asked += 1
  }
  return (seconds / asked) * zoho.pages
}

interface Repair {
  readonly found: number
  readonly seconds: number
  /** From the request until the last row was as Zoho said. */
  readonly repairedSeconds: number
}

async function compareDamaged({ db, zoho, ids }: World, { damaged }: ReconcileSizes): Promise<Repair> {
  const sound = await fingerprint(db)
  const step = Math.floor(ids.length / damaged)
  await damageRows(db, zoho.organizationId, ids.filter((_, at) => at % step === 0).slice(0, damaged))
  const startedAt = performance.now()
  const { run, seconds } = await compare(db, zoho)
  await untilNone(db, `SELECT 1 FROM tds_reconciliation_differences WHERE settled_at IS NULL LIMIT 1`)
  const repairedSeconds = (performance.now() - startedAt) / 1000
  const found = await expectDifferences(db, run, damaged)
  if ((await fingerprint(db)) !== sound) throw new Error('the rows are not what they were before the damage')
  return { found, seconds, repairedSeconds }
}

interface Single {
  readonly calls: number
  readonly seconds: number
}

/** The worker's own reads of one record each, as many at once as Zoho allows. Counted from the first call on. */
async function readOneByOne({ db, zoho, ids }: World, { singleReads }: ReconcileSizes): Promise<Single> {
  const { organizationId } = zoho
  const entityType = productDefinition().type
  const keys = ids.slice(0, singleReads).map((zohoId) => ({ organizationId, entityType, zohoId }))
  const before = zoho.calls()
  await db.transaction(async (tx) => {
    const reason = 'verification' as const
    await requestReads(
      tx,
      keys.map((key) => ({ ...key, reason, eventId: null, delaySeconds: 0 })),
    )
    await readSingly(tx, keys)
  })
  while (zoho.calls() === before) await pause(5)
  const startedAt = performance.now()
  await untilNone(db, 'SELECT 1 FROM tds_owed_reads LIMIT 1')
  return { calls: zoho.calls() - before, seconds: (performance.now() - startedAt) / 1000 }
}

interface Compared {
  readonly run: StoredRun
  /** From the moment the worker took the run until it had ended. */
  readonly seconds: number
}

async function compare(db: Database, { organizationId }: ZohoOfProducts): Promise<Compared> {
  const wanted = {
    organizationId,
    entity: productDefinition(),
    kind: 'reconciliation',
    mode: 'index',
    request: { repair: true },
  } as const
  const { runId } = await askForRun(db, wanted, {
    actor: 'bench',
    reason: 'bench',
    dryRun: false,
    via: 'bench',
  })
  await untilNone(db, `SELECT 1 FROM tds_sync_runs WHERE status = 'running' LIMIT 1`)
  const run = (await listRuns(db, { ids: [runId] }, { limit: 1, after: null }))[0]
  if (run?.state !== 'completed') throw new Error(`the comparison did not complete: ${JSON.stringify(run)}`)
  const { rows } = await db.query<{ seconds: number }>(
    `SELECT extract(epoch FROM completed_at - started_at)::float8 AS seconds FROM tds_sync_runs WHERE id = $1::uuid`,
    [runId],
  )
  return { run, seconds: rows[0]?.seconds ?? NaN }
}

/** A difference too many, or one that was not repaired, would make the figure one of something else. */
async function expectDifferences(db: Database, { id }: StoredRun, expected: number): Promise<number> {
  const { rows } = await db.query<{ class: string; state: string; count: number }>(
    `SELECT class, state, count(*)::int FROM tds_reconciliation_differences WHERE run_id = $1::uuid GROUP BY 1, 2`,
    [id],
  )
  const found = rows.reduce((sum, { count }) => sum + count, 0)
  if (found === expected && rows.every(({ state }) => state === 'repaired')) return found
  throw new Error(`expected ${String(expected)} differences, repaired: ${JSON.stringify(rows)}`)
}

async function untilNone(db: Database, query: string): Promise<void> {
  while ((await db.query(query)).rows.length > 0) await pause(50)
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

type Large = Equal & { readonly repair: Repair; readonly single: Single }

function figuresOfEqual(
  { pages, calls, seconds, differences, memory, listSeconds, single }: Large,
  { small, sizes: { small: few, large: records, singleReads } }: { small: Equal; sizes: ReconcileSizes },
): Figure[] {
  return [
    {
      name: 'calls',
      value: calls,
      unit: 'calls',
      peer: { name: 'pages of the list, the least possible', value: pages },
      promise: { text: 'no call beyond', kept: calls === pages },
    },
    {
      name: 'the same beside reads of every detail',
      value: calls,
      unit: 'calls',
      peer: {
        name: `one call each, told from ${String(singleReads)}`,
        value: (single.calls / singleReads) * records,
      },
    },
    {
      name: 'time',
      value: seconds,
      unit: 's',
      peer: { name: 'the list alone, thrown away', value: listSeconds },
    },
    {
      name: 'records compared',
      value: records / seconds,
      unit: 'records/s',
      peer: { name: 'details read one by one, ten at once', value: singleReads / single.seconds },
      promise: { text: 'faster than to read each', kept: records / seconds > singleReads / single.seconds },
    },
    { name: 'differences where nothing differs', value: differences, unit: 'records' },
    {
      name: 'memory of the worker, peak, with an old space of 96 MB',
      value: memory,
      unit: 'MB',
      peer: { name: `with ${String(few)} records`, value: small.memory },
      promise: { text: '<= 1.25 × with a tenth', kept: memory <= 1.25 * small.memory },
    },
  ]
}

function figuresOfDamage({ repair, seconds }: Large, { damaged }: ReconcileSizes): Figure[] {
  return [
    {
      name: 'damaged rows found and repaired',
      value: repair.found,
      unit: 'records',
      peer: { name: 'damaged', value: damaged },
      promise: { text: 'all, and no other', kept: repair.found === damaged },
    },
    {
      name: 'time to find them',
      value: repair.seconds,
      unit: 's',
      peer: { name: 'nothing to find', value: seconds },
    },
    { name: 'until all are repaired, from the request on', value: repair.repairedSeconds, unit: 's' },
  ]
}
