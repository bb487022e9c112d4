import type { Database } from '@tds/db'
import { createBenchWorld } from './bench-world.ts'
import { prepareDeliveries } from './bodies.ts'
import { percentile, type BenchResult } from './figures.ts'
import { sendAtRate } from './load.ts'

const perSecond = 20

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
    const seen = new Map<string, number>()
    const watching = new AbortController()
    const watch = watchRows(world.db, { seen, signal: watching.signal })
    const offset = performance.now()
    const load = await sendAtRate(api.url, deliveries, perSecond)
    await world.drained()
    await new Promise((resolve) => setTimeout(resolve, 100))
    watching.abort()
    await watch
    const times = deliveries.map(({ zohoId }, index) => {
      const sentAt = offset + (index * 1000) / perSecond
      return (seen.get(zohoId) ?? NaN) - sentAt
    })
    if (times.some(Number.isNaN)) throw new Error('a row was never seen')
    const p95 = percentile(times, 0.95)
    return {
      bench: 'latency',
      includes: `${String(perSecond)} webhooks a second through api, queue and worker until another connection reads the row, looking every 2 ms; sending is included`,
      figures: [
        { name: 'webhook to visible row, P50', value: percentile(times, 0.5), unit: 'ms' },
        {
          name: 'webhook to visible row, P95',
          value: p95,
          unit: 'ms',
          peer: { name: 'of which until the answer, P95', value: percentile(load.latencies, 0.95) },
          promise: { text: '< 50 ms', kept: p95 < 50 },
        },
        { name: 'webhook to visible row, P99', value: percentile(times, 0.99), unit: 'ms' },
      ],
    }
  } finally {
    await world.close()
  }
}

async function watchRows(
  db: Database,
  o: { readonly seen: Map<string, number>; readonly signal: AbortSignal },
): Promise<void> {
  let since = '-infinity'
  while (!o.signal.aborted) {
    const { rows } = await db.query<{ zoho_id: string; created_at: string }>(
      "SELECT zoho_id, created_at FROM tds_products WHERE created_at >= $1::timestamptz - interval '1 second'",
      [since],
    )
    const now = performance.now()
    for (const row of rows) {
      if (!o.seen.has(row.zoho_id)) o.seen.set(row.zoho_id, now)
      if (row.created_at > since || since === '-infinity') since = row.created_at
    }
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
