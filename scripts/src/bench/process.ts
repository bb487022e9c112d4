import { processEvents } from '@tds/core'
import { mixedRecords, type RecordBody } from '@tds/dev-env'
import { createBenchWorld, peakMemory, type BenchWorld } from './bench-world.ts'
import { productBodies } from './bodies.ts'
import { percentile, type BenchResult } from './figures.ts'

const work =
  'job, claim, exact parsing, validation, decision, typed row, child rows, raw, row hash, audit entry, log, counters, inbox state. From the moment the worker is ready'

/** One worker draining a full inbox, against a loop that processes one event at a time with the same code. */
export async function benchProcess(o: { readonly events: number }): Promise<BenchResult> {
  return benchDrain({
    ...o,
    bench: 'process',
    includes: `complete product bodies of 1.3 kB with two locations: ${work}`,
    records: productBodies(Infinity, { first: 500_000, version: 1 }),
  })
}

/** The same with the seven types in the shares of the customer, lines and all. */
export async function benchProcessMix(o: { readonly events: number }): Promise<BenchResult> {
  return benchDrain({
    ...o,
    bench: 'process-mix',
    includes: `60 % invoices, 30 % items, 2 % each of customers and vendors, bills, credit notes, stock adjustments and price lists, as complete bodies of the simulator's, lines included, each record new: ${work}`,
    records: mixedRecords(),
  })
}

interface Drain {
  readonly bench: string
  readonly includes: string
  readonly events: number
  /** Never the same one twice, as many as are asked for. */
  readonly records: Iterator<RecordBody, unknown>
}

async function benchDrain({ bench, includes, events, records }: Drain): Promise<BenchResult> {
  const world = await createBenchWorld()
  try {
    const alone = await oneAtATime(world, takeSome(records, Math.min(2000, events)))
    const rates: number[] = []
    let memory = 0
    for (let round = 0; round < 3; round += 1) {
      await world.fill(takeSome(records, events))
      const worker = await world.startWorker()
      const seconds = await world.drained()
      rates.push(events / seconds)
      memory = Math.max(memory, await peakMemory(worker.pid()))
      await worker.stop()
    }
    await expectAllApplied(world)
    const rate = percentile(rates, 0.5)
    return {
      bench,
      includes,
      figures: [
        {
          name: 'processed by one worker',
          value: rate,
          unit: 'events/s',
          peer: { name: 'one event at a time, same code', value: alone },
          promise: { text: '>= 3 × one at a time', kept: rate >= 3 * alone },
        },
        {
          name: 'memory of the worker, peak',
          value: memory,
          unit: 'MB',
          promise: { text: '< 300 MB', kept: memory < 300 },
        },
      ],
    }
  } finally {
    await world.close()
  }
}

function takeSome(records: Iterator<RecordBody, unknown>, count: number): RecordBody[] {
  const taken: RecordBody[] = []
  while (taken.length < count) {
    const next = records.next()
    if (next.done === true) throw new RangeError(`there are only ${String(taken.length)} records`)
    taken.push(next.value)
  }
  return taken
}

/** An event that failed, or asked Zoho, would make the figure one of something else. */
async function expectAllApplied({ db }: BenchWorld): Promise<void> {
  const { rows } = await db.query<{ status: string; count: string }>(
    `SELECT status::text, count(*)::text FROM tds_inbox_events WHERE status <> 'applied' GROUP BY 1
     UNION ALL SELECT 'owed reads', count(*)::text FROM tds_owed_reads HAVING count(*) > 0`,
  )
  if (rows.length === 0) return
  throw new Error(`not every event was applied as it came: ${JSON.stringify(rows)}`)
}

async function oneAtATime(world: BenchWorld, records: readonly RecordBody[]): Promise<number> {
  const ids = await world.fill(records)
  const parts = {
    db: world.db,
    mover: { daemonId: '00000000-0000-4000-8000-000000000001', lane: 0 },
    queue: { send: () => Promise.resolve() },
    retry: () => ({ maxAttempts: 3, baseMs: 1000, maxMs: 60_000 }),
  }
  const startedAt = performance.now()
  for (const id of ids) await processEvents(parts, [id])
  const rate = ids.length / ((performance.now() - startedAt) / 1000)
  await world.db.query(`DELETE FROM pgboss.job WHERE name = 'apply-events'`)
  return rate
}

/** A backlog of twenty times the size drains at nearly the same rate, in bounded memory. */
export async function benchBacklog(o: {
  readonly small: number
  readonly large: number
}): Promise<BenchResult> {
  const world = await createBenchWorld()
  try {
    const small = await drainFresh(world, { events: o.small, first: 1_000_000 })
    const large = await drainFresh(world, { events: o.large, first: 5_000_000 })
    return {
      bench: 'backlog',
      includes: `the same work as process: ${String(o.large)} events waiting when the worker starts, against ${String(o.small)}`,
      figures: [
        {
          name: `drain of ${String(o.large)} events`,
          value: large.rate,
          unit: 'events/s',
          peer: { name: `drain of ${String(o.small)}`, value: small.rate },
          promise: { text: '>= 0.8 × the small one', kept: large.rate >= 0.8 * small.rate },
        },
        {
          name: 'memory of the worker, peak',
          value: large.memory,
          unit: 'MB',
          promise: { text: '< 300 MB', kept: large.memory < 300 },
        },
      ],
    }
  } finally {
    await world.close()
  }
}

async function drainFresh(
  world: BenchWorld,
  o: { events: number; first: number },
): Promise<{ rate: number; memory: number }> {
  await world.fill(productBodies(o.events, { first: o.first, version: 1 }))
  const worker = await world.startWorker()
  const seconds = await world.drained()
  const memory = await peakMemory(worker.pid())
  await worker.stop()
  return { rate: o.events / seconds, memory }
}
