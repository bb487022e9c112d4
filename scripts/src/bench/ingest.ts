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
    const steadyPeer = await sendAtRate(plain, fresh(1000), 100)
    const steady = await sendAtRate(api.url, fresh(1000), 100)
    expectAccepted(steady, 1000)
    const p99 = percentile(steady.latencies, 0.99)
    return {
      bench: 'ingest',
      includes:
        '1.3 kB signed bodies, all new: signature, exact parsing, canonical hash, inbox row with exact bytes, job, counters, answered after the commit. Load generator and Postgres on the same machine',
      figures: [
        ...throughput,
        { name: 'P50 at 100 requests/s', value: percentile(steady.latencies, 0.5), unit: 'ms' },
        {
          name: 'P99 at 100 requests/s',
          value: p99,
          unit: 'ms',
          peer: { name: 'plain handler', value: percentile(steadyPeer.latencies, 0.99) },
          promise: { text: '< 25 ms', kept: p99 < 25 },
        },
        { name: 'memory of the api, peak', value: await peakMemory(api.daemon.pid()), unit: 'MB' },
      ],
    }
  } finally {
    await world.close()
  }
}

function expectAccepted(result: Pick<LoadResult, 'statuses'>, count: number): void {
  if (result.statuses['202'] === count) return
  throw new Error(`not every delivery was accepted: ${JSON.stringify(result.statuses)}`)
}
