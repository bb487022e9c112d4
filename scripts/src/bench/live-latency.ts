import type { Database } from '@tds/db'
import type { BenchWorld } from './bench-world.ts'
import type { PreparedDelivery } from './bodies.ts'
import { sendAtRate } from './load.ts'

/** Webhooks a second of a customer's busy hour. */
export const livePerSecond = 20

/** Times in milliseconds, one for each webhook. */
export interface LiveLatencies {
  /** From the moment it was due to be sent until another connection read its row, looking every 2 ms. */
  readonly visible: readonly number[]
  /** From sending to the whole answer. */
  readonly answered: readonly number[]
}

/** Sends new products at a customer's rate and measures each until its row can be read. Throws Error where a row never came. */
export async function measureLive(
  world: BenchWorld,
  apiUrl: string,
  deliveries: readonly PreparedDelivery[],
): Promise<LiveLatencies> {
  const seen = new Map<string, number>()
  const watching = new AbortController()
  const watch = watchRows(world.db, { seen, signal: watching.signal })
  const offset = performance.now()
  const load = await sendAtRate(apiUrl, deliveries, livePerSecond)
  await world.drained()
  await new Promise((resolve) => setTimeout(resolve, 100))
  watching.abort()
  await watch
  const visible = deliveries.map(({ zohoId }, index) => {
    const sentAt = offset + (index * 1000) / livePerSecond
    return (seen.get(zohoId) ?? NaN) - sentAt
  })
  if (visible.some(Number.isNaN)) throw new Error('a row was never seen')
  return { visible, answered: load.latencies }
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
