import { watchDatabase } from '@tds/core'

import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

/** From where on it is told of here; in the product it is ten minutes. */
const toldAfterSeconds = 8
const ratePerSecond = 30

describe('a transaction that somebody leaves open while deliveries stream in', () => {
  let world: EndToEnd
  const touched = new Set<string>()

  beforeAll(async () => {
    world = await startEndToEnd()
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it('F-33: is told of, costs no delivery, and leaves the latency as it was when it has ended', async () => {
    const before = await medianSeconds(await tell(60))
    const release = Promise.withResolvers<undefined>()
    const open = world.database.db.transaction(async (tx) => {
      // An id of its own and a snapshot: dead rows of the inbox and of the queue stay as long as it lasts.
      await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
      await tx.query('SELECT pg_current_xact_id(), count(*) FROM tds_inbox_events')
      await release.promise
    })
    const meanwhile: string[] = []
    await waitUntil(
      async () => {
        meanwhile.push(...(await tell(ratePerSecond)))
        return (
          (await judged())?.status === 'degraded' && (await toldSeconds()).every((s) => s >= toldAfterSeconds)
        )
      },
      { what: 'every daemon tells of the transaction' },
    )
    expect((await judged())?.detail).toMatch(/^The oldest transaction has been open for \d+ s\.$/)
    release.resolve(undefined)
    await open
    await waitUntil(async () => (await medianSeconds(await tell(30))) < 2 * before + 0.3, {
      what: 'the latency is as it was',
      everyMs: 500,
    })
    await world.converge()
    expect(await medianSeconds(meanwhile)).toBeGreaterThan(0)
    expect(await world.differences(touched)).toEqual([])
    await waitUntil(async () => (await judged())?.status === 'healthy', { what: 'nothing is told any more' })
  }, 180_000)

  /** Webhooks about so many products, over one second; returns the ids of the events. */
  async function tell(count: number): Promise<string[]> {
    const { simulator, installation } = world
    const deliveries = Array.from({ length: count }, () =>
      simulator.deliveryOf(simulator.mutate({ type: 'product', kind: 'update' }), { shape: 'detail' }),
    )
    const { results } = await simulator.send(deliveries, { target: installation.apiUrl, ratePerSecond })
    expect(results.filter(({ status }) => status !== 202)).toEqual([])
    for (const { id } of results) touched.add(id)
    return results.map(({ answer }) => (JSON.parse(answer) as { eventId: string }).eventId)
  }

  /** From receipt until applied, once all of them are. */
  async function medianSeconds(ids: readonly string[]): Promise<number> {
    await world.converge(60_000)
    const { rows } = await world.database.db.query<{ median: number }>(
      `SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM processed_at - received_at))::float8 AS median
         FROM tds_inbox_events WHERE id = ANY ($1::uuid[])`,
      [ids],
    )
    return rows[0]?.median ?? NaN
  }

  /** What the check says with a shorter limit. */
  async function judged() {
    const { checks } = watchDatabase(world.database.db, { oldestTransactionSeconds: toldAfterSeconds })
    return checks.find(({ name }) => name === 'oldest transaction')?.check()
  }

  /** How old the oldest transaction is, as each daemon says. */
  async function toldSeconds(): Promise<number[]> {
    return Promise.all(
      [...world.installation.healthUrls.values()].map(async (url) => {
        const report = (await (await fetch(`${url}/health`)).json()) as {
          checks: { name: string; facts?: { seconds?: number } }[]
        }
        return report.checks.find(({ name }) => name === 'oldest transaction')?.facts?.seconds ?? 0
      }),
    )
  }
})
