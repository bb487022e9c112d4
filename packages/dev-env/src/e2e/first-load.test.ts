import { startEndToEnd, waitUntil, type EndToEnd } from '../testing/index.ts'

describe('an empty mirror', () => {
  let world: EndToEnd

  beforeAll(async () => {
    world = await startEndToEnd({ workers: 2, schedules: true })
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it('fills itself with everything that Zoho holds, without a webhook', async () => {
    await waitUntil(async () => (await loaded()) === 7, { what: 'seven types are loaded', withinMs: 60_000 })
    await waitUntil(async () => (await owed()) === 0, { what: 'all details are read', withinMs: 60_000 })
    expect(await world.differences()).toEqual([])
    console.info(world.simulator.callCounts())
  }, 150_000)

  async function loaded(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_sync_cursors WHERE last_entity_version IS NOT NULL')
  }

  async function owed(): Promise<number> {
    return count('SELECT count(*)::int AS n FROM tds_owed_reads')
  }

  async function count(sql: string): Promise<number> {
    return (await world.database.db.query<{ n: number }>(sql)).rows[0]?.n ?? -1
  }
})
