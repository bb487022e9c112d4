import type { Mutation } from '@tds/zoho-simulator'

import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

/** Nobody listens there: the delivery fails, and Zoho notes it. */
const nobody = 'http://127.0.0.1:9'

describe('webhooks that Zoho could not deliver', () => {
  let world: EndToEnd

  beforeAll(async () => {
    world = await startEndToEnd()
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it('are made up for by one sweep of its list: all that they told of is current, with one call for the list', async () => {
    const { simulator, installation, database } = world
    await waitUntil(async () => (await sweeps()).length > 0, { what: 'the first sweep' })
    const told = ['product', 'invoice', 'customer', 'bill'] as const
    const made: Mutation[] = Array.from({ length: 80 }, (_, n) =>
      simulator.mutate({ type: told[n % 4] ?? 'product', kind: 'update' }),
    )
    const deliveries = made.map((mutation) => simulator.deliveryOf(mutation, { shape: 'detail' }))
    const failing = deliveries.filter((_, n) => n % 10 === 3)
    await simulator.send(failing, { target: nobody })
    await simulator.send(
      deliveries.filter((delivery) => !failing.includes(delivery)),
      { target: installation.apiUrl },
    )
    await world.converge()
    const touched = new Set(made.map(({ id }) => id))
    expect((await world.differences(touched)).length).toBeGreaterThan(0)
    await database.db.query('UPDATE tds_ledger_sweeps SET tried_at = NULL')
    await waitUntil(async () => (await sweeps())[0]?.failures === failing.length, {
      what: 'the sweep of the failed webhooks',
      withinMs: 60_000,
    })
    await waitUntil(async () => (await world.differences(touched)).length === 0, {
      what: 'what failed webhooks told of is current',
      withinMs: 60_000,
    })
    const [{ calls, owed } = { calls: 0, owed: 0 }] = await sweeps()
    expect(calls).toBe(2)
    expect(owed).toBeLessThanOrEqual(failing.length)
  }, 180_000)

  async function sweeps(): Promise<{ failures: number; owed: number; calls: number }[]> {
    const { rows } = await world.database.db.query<{ failures: number; owed: number; calls: number }>(
      `SELECT failures::int, owed::int, calls::int FROM tds_ledger_sweeps WHERE swept_at IS NOT NULL`,
    )
    return rows
  }
})
