import { createBenchWorld } from './bench-world.ts'
import { prepareDeliveries } from './bodies.ts'
import { percentile, type BenchResult } from './figures.ts'
import { livePerSecond, measureLive } from './live-latency.ts'
import { sendAtRate } from './load.ts'

/** From the first byte of a webhook sent to its row visible to another connection, at twenty webhooks a second. */
export async function benchLatency(o: { readonly events: number }): Promise<BenchResult> {
  const world = await createBenchWorld()
  try {
    const api = await world.startApi()
    await world.startWorker()
    const warmUp = prepareDeliveries(100, { first: 900_000, version: 1 })
    await sendAtRate(api.url, warmUp, 50)
    await world.drained()
    const deliveries = prepareDeliveries(o.events, { first: 0, version: 1 })
    const { visible, answered } = await measureLive(world, api.url, deliveries)
    const p95 = percentile(visible, 0.95)
    return {
      bench: 'latency',
      includes: `${String(livePerSecond)} webhooks a second through api, queue and worker until another connection reads the row, looking every 2 ms; sending is included`,
      figures: [
        { name: 'webhook to visible row, P50', value: percentile(visible, 0.5), unit: 'ms' },
        {
          name: 'webhook to visible row, P95',
          value: p95,
          unit: 'ms',
          peer: { name: 'of which until the answer, P95', value: percentile(answered, 0.95) },
          promise: { text: '< 50 ms', kept: p95 < 50 },
        },
        { name: 'webhook to visible row, P99', value: percentile(visible, 0.99), unit: 'ms' },
      ],
    }
  } finally {
    await world.close()
  }
}
