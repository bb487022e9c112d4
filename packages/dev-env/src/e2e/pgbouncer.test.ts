import { openDatabase, type Database } from '@tds/db'
import { createTestDatabase } from '@tds/db/testing'

import { type EndToEnd, startEndToEnd } from '../testing/index.ts'
import { hasPgBouncer, type PgBouncer, startPgBouncer } from '../testing/pg-bouncer.ts'

// Debian's package of that name; .ci/run installs it.
const whereThereIsOne = hasPgBouncer ? describe : describe.skip

whereThereIsOne('through a PgBouncer that lends its connections for one transaction', () => {
  let bouncer: PgBouncer
  let world: EndToEnd
  let through: Database

  beforeAll(async () => {
    const database = await createTestDatabase()
    bouncer = await startPgBouncer(database.url)
    through = openDatabase({
      url: bouncer.url,
      directUrl: database.url,
      applicationName: 'tds-test-pooled',
      poolSize: 20,
      statementTimeoutMs: 500,
      keyedLookups: true,
    })
    world = await startEndToEnd({
      database,
      workers: 2,
      withAlerter: true,
      settings: { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: database.url },
    })
  }, 90_000)

  afterAll(async () => {
    await through.close()
    await world.stop()
    await bouncer.stop()
  })

  it('the daemons apply a stream of webhooks, and the mirror equals Zoho', async () => {
    const touched = new Set<string>()
    const deliveries = world.simulator.stream({ count: 150, types: ['product', 'customer'] })
    const { results } = await world.simulator.send(deliveries, {
      target: world.installation.apiUrl,
      concurrency: 16,
      onResult: ({ id }) => touched.add(id),
    })
    expect(results.filter(({ status }) => status !== 202 && status !== 200)).toEqual([])
    await world.convergeReleasing(60_000)
    expect(await world.differences(touched)).toEqual([])
    expect(world.installation.daemons.map((daemon) => daemon.ended())).toEqual([null, null, null, null])
  }, 90_000)

  it('limits and habits hold in each transaction and in no session', async () => {
    const shown = async () => {
      const { rows } = await through.query(
        `SELECT current_setting('statement_timeout') AS statement, current_setting('plan_cache_mode') AS plans,
                current_setting('timezone') AS zone, '2026-07-21 16:03:55+01'::timestamptz AS at`,
      )
      return rows[0]
    }
    const told = await Promise.all(Array.from({ length: 20 }, shown))
    expect(new Set(told.map((row) => JSON.stringify(row)))).toEqual(
      new Set([
        JSON.stringify({
          statement: '500ms',
          plans: 'force_generic_plan',
          zone: 'UTC',
          at: '2026-07-21 15:03:55+00',
        }),
      ]),
    )
    await expect(through.query('SELECT pg_sleep(2)')).rejects.toMatchObject({ code: '57014' })
  })

  it('a statement that has a name is sent without: another connection would not know it', async () => {
    const ask = async (n: number) =>
      through.query<{ twice: number }>('SELECT $1::int * 2 AS twice', [n], { name: 'twice' })
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => (await ask(n)).rows[0]?.twice),
    )
    expect(answers).toEqual(Array.from({ length: 40 }, (_, n) => 2 * n))
  })
})
