import { createBenchWorld, peakMemory } from './bench-world.ts'
import { prepareDeliveries, type PreparedDelivery } from './bodies.ts'
import { percentile, type BenchResult, type Figure } from './figures.ts'
import { sendAll, sendAtRate, type LoadResult } from './load.ts'

/** Few senders that wait for each other in turn, and as many as a burst of Zoho's can bring. */
const connectionCounts = [64, 256] as const
const warmUp = 20_000

/** Intake over HTTP against the plain handler in the same run: both warmed up, then in turn, the middle of three rounds. */
export async function benchIngest(o: { readonly requests: number }): Promise<BenchResult> {
  const world = await createBenchWorld()
  try {
    const api = await world.startApi()
    const plain = await world.startPlainHandler()
    let next = 0
    const fresh = (count: number): PreparedDelivery[] => {
      next += count
      return prepareDeliveries(count, { first: next - count, version: 1 })
    }
    const round = async (url: string, count: number, connections: number): Promise<number> => {
      const result = await sendAll(url, fresh(count), connections)
      expectAccepted(result, count)
      return result.perSecond
    }
    // Daemons live for weeks: both are measured once their code is compiled.
    await round(api.url, warmUp, connectionCounts[0])
    await round(plain, warmUp, connectionCounts[0])
    const throughput: Figure[] = []
    for (const connections of connectionCounts) {
      const ours: number[] = []
      const peers: number[] = []
      for (let turn = 0; turn < 3; turn += 1) {
        peers.push(await round(plain, o.requests, connections))
        ours.push(await round(api.url, o.requests, connections))
      }
      const rate = percentile(ours, 0.5)
      const peer = percentile(peers, 0.5)
      throughput.push({
        name: `accepted, durable, job included, ${String(connections)} connections`,
        value: rate,
        unit: 'requests/s',
        peer: { name: 'plain handler, one INSERT a request', value: peer },
        promise: { text: '>= 1.5 × the plain handler', kept: rate >= 1.5 * peer },
      })
    }
    const steady = await waitingTimes({ api: api.url, plain, bare: `${plain}/bare` }, fresh)
    return {
      bench: 'ingest',
      includes:
        '1.3 kB signed bodies, all new: signature, exact parsing, canonical hash, inbox row with exact bytes, job, counters, answered after the commit. Load generator and Postgres on the same machine',
      figures: [
        ...throughput,
        ...steady,
        { name: 'memory of the api, peak', value: await peakMemory(api.daemon.pid()), unit: 'MB' },
      ],
    }
  } finally {
    await world.close()
  }
}

const steadyRate = 100
const steadyRounds = 5

/**
 * The waiting time at a steady rate, in rounds of ten seconds taken in turn with both peers, and of each the middle
 * round: a machine that stands still for a moment, as a virtual one does, is not what is measured.
 */
async function waitingTimes(
  urls: Readonly<Record<'api' | 'plain' | 'bare', string>>,
  fresh: (count: number) => PreparedDelivery[],
): Promise<Figure[]> {
  const rounds = { api: [], plain: [], bare: [] } as Record<keyof typeof urls, LoadResult[]>
  for (let turn = 0; turn < steadyRounds; turn += 1) {
    for (const name of ['bare', 'plain', 'api'] as const) {
      const result = await sendAtRate(urls[name], fresh(10 * steadyRate), steadyRate)
      expectAccepted(result, 10 * steadyRate)
      rounds[name].push(result)
    }
  }
  const middle = (name: keyof typeof urls, part: number): number =>
    percentile(
      rounds[name].map(({ latencies }) => percentile(latencies, part)),
      0.5,
    )
  const at = `at ${String(steadyRate)} requests/s`
  const p99 = middle('api', 0.99)
  return [
    {
      name: `P50 ${at}`,
      value: middle('api', 0.5),
      unit: 'ms',
      peer: { name: 'answered at once, nothing done', value: middle('bare', 0.5) },
    },
    {
      name: `P99 ${at}`,
      value: p99,
      unit: 'ms',
      peer: { name: 'plain handler', value: middle('plain', 0.99) },
      promise: { text: '< 25 ms', kept: p99 < 25 },
    },
    {
      name: `P99 ${at}, of this machine itself`,
      value: middle('bare', 0.99),
      unit: 'ms',
    },
  ]
}

function expectAccepted(result: Pick<LoadResult, 'statuses'>, count: number): void {
  if (result.statuses['202'] === count) return
  throw new Error(`not every delivery was accepted: ${JSON.stringify(result.statuses)}`)
}
