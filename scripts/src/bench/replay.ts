import { createBenchWorld, type BenchWorld } from './bench-world.ts'
import { prepareDeliveries, productBodies } from './bodies.ts'
import { percentile, type BenchResult } from './figures.ts'
import { livePerSecond, measureLive } from './live-latency.ts'
import { sendAtRate } from './load.ts'

/** How much is replayed, how often, and how fast. */
export interface ReplayBench {
  /** Dead letters in one replay. */
  readonly letters: number
  /** Pairs of a round without and a round with a replay. */
  readonly rounds: number
  /** Letters begun in a second. */
  readonly perSecond: number
}

/** P95 of one pair of rounds, and how long its replay took. */
interface Pair {
  readonly alone: number
  readonly beside: number
  readonly seconds: number
}

const mostRise = 1.2
/** Products of the letters, away from those of the live webhooks. */
const firstLetter = 2_000_000

/**
 * What a replay costs the live deliveries beside it: webhook to visible row in rounds with and without one, in turn. The
 * replay is asked for with the operator's command, so its preview is part of a round.
 */
export async function benchReplay(o: ReplayBench): Promise<BenchResult> {
  const world = await createBenchWorld()
  try {
    const api = await world.startApi()
    await world.startWorker()
    await sendAtRate(api.url, prepareDeliveries(100, { first: 900_000, version: 1 }), 50)
    await world.drained()
    const letters = await makeLetters(world, o.letters * o.rounds)
    const pairs: Pair[] = []
    for (let round = 0; round < o.rounds; round += 1) {
      const ids = letters.slice(round * o.letters, (round + 1) * o.letters)
      pairs.push(await measurePair(world, api.url, { ...o, round, ids }))
    }
    return resultOf(o, pairs)
  } finally {
    await world.close()
  }
}

/** Events that Postgres refused while their column was, as they say, not there yet. */
async function makeLetters(world: BenchWorld, count: number): Promise<string[]> {
  const { db } = world
  await db.query(
    `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE 'not yet' USING ERRCODE = '42703'; END $$`,
  )
  await db.query('CREATE TRIGGER refuse BEFORE INSERT ON tds_products FOR EACH ROW EXECUTE FUNCTION refuse()')
  await world.fill(productBodies(count, { first: firstLetter, version: 1 }))
  await world.drained()
  await db.query('DROP TRIGGER refuse ON tds_products')
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM tds_dead_letter_queue WHERE status = 'open' AND class = 'configuration' ORDER BY created_at, id`,
  )
  if (rows.length !== count) throw new Error(`${String(rows.length)} of ${String(count)} were given up on`)
  return rows.map(({ id }) => id)
}

/** The first of a pair is now one, now the other: a machine that gets slower favours neither. */
async function measurePair(
  world: BenchWorld,
  apiUrl: string,
  o: ReplayBench & { readonly round: number; readonly ids: readonly string[] },
): Promise<Pair> {
  const events = Math.ceil((livePerSecond * o.letters) / o.perSecond)
  const live = async (place: number) => {
    const deliveries = prepareDeliveries(events, { first: (2 * o.round + place) * events, version: 1 })
    return percentile((await measureLive(world, apiUrl, deliveries)).visible, 0.95)
  }
  const withReplay = (place: number) => Promise.all([live(place), replayAll(world, o)])
  if (o.round % 2 === 0) {
    const alone = await live(0)
    const [beside, seconds] = await withReplay(1)
    return { alone, beside, seconds }
  }
  const [beside, seconds] = await withReplay(0)
  return { alone: await live(1), beside, seconds }
}

/** Replays letters as an operator does; returns the seconds that it took from the command on. Throws Error unless all were applied. */
async function replayAll(
  world: BenchWorld,
  o: { readonly ids: readonly string[]; readonly perSecond: number },
): Promise<number> {
  const startedAt = performance.now()
  const options = ['--rate', String(o.perSecond), '--reason', 'bench', '--wait', '--json']
  const out = await world.runTds(['replay', '-', ...options], o.ids.join('\n'))
  const seconds = (performance.now() - startedAt) / 1000
  const { data } = JSON.parse(out) as { data: { operation: { outcomes: Record<string, number> } } | null }
  if (data?.operation.outcomes['applied'] !== o.ids.length) throw new Error(`not all were applied: ${out}`)
  return seconds
}

function resultOf(o: ReplayBench, pairs: readonly Pair[]): BenchResult {
  const median = (values: readonly number[]) => percentile(values, 0.5)
  const ratios = pairs.map(({ alone, beside }) => beside / alone)
  const rise = median(ratios)
  const seconds = median(pairs.map((pair) => pair.seconds))
  return {
    bench: 'replay',
    includes: `${String(livePerSecond)} live webhooks a second until another connection reads the row, ${String(o.rounds)} rounds without and ${String(o.rounds)} beside a replay of ${String(o.letters)} dead letters, ${String(o.perSecond)} a second, by the operator's command with its preview`,
    figures: [
      {
        name: 'live webhook to visible row beside a replay, P95, median of the rounds',
        value: median(pairs.map(({ beside }) => beside)),
        unit: 'ms',
        peer: { name: 'without one', value: median(pairs.map(({ alone }) => alone)) },
      },
      {
        name: 'P95 beside a replay by P95 without, median of the pairs',
        value: rise,
        unit: 'ratio',
        promise: { text: `<= ${String(mostRise)}`, kept: rise <= mostRise },
      },
      { name: 'the same, lowest pair', value: Math.min(...ratios), unit: 'ratio' },
      { name: 'the same, highest pair', value: Math.max(...ratios), unit: 'ratio' },
      {
        name: 'time of a replay, preview included',
        value: seconds,
        unit: 's',
        peer: { name: 'letters by rate, the least possible', value: o.letters / o.perSecond },
      },
    ],
  }
}
