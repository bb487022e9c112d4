import { leastCalls } from '../comparison/least-calls.ts'
import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

describe('an empty mirror', () => {
  let world: EndToEnd

  afterEach(async () => {
    await world.stop()
  })

  it('fills itself with everything that Zoho holds, without a webhook, with hardly more calls than that takes', async () => {
    world = await startEndToEnd({ workers: 2, schedules: true })
    await untilLoaded()
    expect(await world.differences()).toEqual([])
    const { calls, byCode } = world.simulator.callCounts()
    expect(Object.keys(byCode)).toEqual(['0'])
    // The first of the later reads of changes, and their proofs, may have begun.
    expect(calls).toBeLessThanOrEqual(leastCalls(world.simulator) + 21)
  }, 180_000)

  it('goes on where it stood when its worker is killed in the middle of the list', async () => {
    world = await startEndToEnd({
      workers: 1,
      schedules: true,
      simulator: { size: { items: 1150, customers: 5, vendors: 2, invoices: 3, bills: 1 } },
    })
    const { simulator, installation, database } = world
    simulator.faults.add({ fault: 'slow', ms: 400, path: '/inventory/v1/items' })
    await waitUntil(async () => (await place()) >= 3, { what: 'two pages are applied', withinMs: 60_000 })
    const [worker] = installation.workers
    if (worker === undefined) throw new Error('a world has a worker')
    worker.kill('SIGKILL')
    await worker.whenEnded()
    const stood = await place()
    const asked = pagesAsked().length
    await worker.startAgain()
    await untilLoaded()
    const { rows } = await database.db.query(
      `SELECT status, read FROM tds_sync_runs WHERE entity_type = 'product' AND mode = 'backfill'`,
    )
    // The page before the one where it stood is read again.
    expect(rows).toEqual([{ status: 'completed', read: String(1150 + 200) }])
    expect(Math.min(...pagesAsked().slice(asked))).toBe(stood - 1)
    expect(await world.differences()).toEqual([])
  }, 240_000)

  async function untilLoaded(): Promise<void> {
    await waitUntil(async () => (await loaded()) === 7 && (await owed()) === 0, {
      what: 'seven types and all of their details',
      withinMs: 150_000,
      everyMs: 100,
    })
  }

  function pagesAsked(): number[] {
    return world.simulator.journal
      .entries()
      .filter(({ path }) => path === '/inventory/v1/items')
      .map(({ query }) => Number(new URLSearchParams(query).get('page')))
  }

  async function place(): Promise<number> {
    return count(
      `SELECT coalesce(max((place->>'page')::int), 0) AS n FROM tds_sync_runs WHERE entity_type = 'product'`,
    )
  }

  function loaded(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_sync_cursors WHERE last_entity_version IS NOT NULL')
  }

  function owed(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_owed_reads')
  }

  async function count(sql: string): Promise<number> {
    return (await world.database.db.query<{ n: number }>(sql)).rows[0]?.n ?? -1
  }
})
