import { openDatabase } from '@tds/db'
import type { TestDatabase } from '@tds/db/testing'

import { savedRecord } from '../deliveries/saved-record.ts'
import { prepareDatabase } from '../installation/prepare-database.ts'
import { quietSchedules } from '../installation/quiet-schedules.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/index.ts'
import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

describe('while Postgres is away', () => {
  let postgres: EmbeddedPostgres
  let world: EndToEnd

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({ installation: process.env['TDS_TEST_POSTGRES_BIN'] })
    await prepareDatabase(postgres.url)
    const database = databaseOf(postgres)
    await quietSchedules(database.db)
    await database.drop()
    await postgres.halt('fast')
    world = await startEndToEnd({
      database: databaseOf(postgres),
      launchOnly: true,
      // Turned off above: by now there is no database to do it in.
      schedules: true,
      workers: 1,
      withAlerter: true,
    })
  }, 90_000)

  afterAll(async () => {
    await world.stop()
    await postgres.stop()
  })

  it('daemons that boot stay up and say that they are not ready, and are ready by themselves when it is there', async () => {
    await waitUntil(async () => (await readiness()).every(({ status }) => status === 503), {
      what: 'all are up and not ready',
    })
    expect(await readiness()).toEqual(world.installation.daemons.map(({ name }) => ({ name, status: 503 })))
    const answer = await tellOne()
    expect(answer).toMatchObject({ status: 503 })
    await postgres.resume()
    await waitUntil(async () => (await readiness()).every(({ status }) => status === 200), {
      what: 'all are ready',
    })
    expect(world.installation.daemons.map((daemon) => daemon.ended())).toEqual([null, null, null])
  })

  it('F-04: after a restart and after a crash the same processes go on: nothing accepted is lost', async () => {
    const pids = world.installation.daemons.map((daemon) => daemon.pid())
    const accepted = [...(await streamThrough('fast')), ...(await streamThrough('immediate'))]
    await world.converge(80_000)
    const { rows } = await world.database.db.query<{ id: string }>('SELECT id FROM tds_inbox_events')
    const kept = new Set(rows.map(({ id }) => id))
    expect(accepted.filter((id) => !kept.has(id))).toEqual([])
    expect(world.installation.daemons.map((daemon) => daemon.pid())).toEqual(pids)
    expect(world.installation.daemons.map((daemon) => daemon.ended())).toEqual([null, null, null])
  }, 150_000)

  it('has left nothing different once it is back', async () => {
    const { rows } = await world.database.db.query<{ id: string }>(
      'SELECT DISTINCT source_entity_id AS id FROM tds_inbox_events',
    )
    expect(await world.differences(new Set(rows.map(({ id }) => id)))).toEqual([])
  })

  /** Sends a stream and takes Postgres away in the middle of it; every delivery has its 2xx in the end. */
  async function streamThrough(mode: 'fast' | 'immediate'): Promise<string[]> {
    const accepted: string[] = []
    const outage: { ended?: Promise<void> } = {}
    const deliveries = world.simulator.stream({
      count: 300,
      types: ['product', 'invoice'],
      kinds: { update: 9, create: 1 },
    })
    const { results } = await world.simulator.send(deliveries, {
      target: world.installation.apiUrl,
      concurrency: 8,
      // A whole outage fits into the patience of whoever sends again.
      retries: 200,
      retryDelayMs: 100,
      onResult: ({ answer }) => {
        accepted.push((JSON.parse(answer) as { eventId: string }).eventId)
        if (accepted.length === 100) outage.ended = interrupt(mode)
      },
    })
    await outage.ended
    expect(results.filter(({ status }) => status !== 202 && status !== 200)).toEqual([])
    return accepted
  }

  async function interrupt(mode: 'fast' | 'immediate'): Promise<void> {
    await postgres.halt(mode)
    await waitUntil(async () => (await tellOne()).status === 503, { what: 'deliveries are refused' })
    await postgres.resume()
    let resumedAt: string | undefined
    await waitUntil(async () => (resumedAt = await databaseTime()) !== undefined, {
      what: 'Postgres answers',
    })
    await waitUntil(() => hasFinishedSince(resumedAt), {
      what: 'an event is applied again',
      withinMs: 15_000,
    })
  }

  /** Undefined while Postgres, or this test's way to it, is not there yet. */
  async function databaseTime(): Promise<string | undefined> {
    const found = await world.database.db
      .query<{ now: string }>('SELECT tds_now() AS now')
      .catch(() => ({ rows: [] }))
    return found.rows[0]?.now
  }

  async function hasFinishedSince(time: string | undefined): Promise<boolean> {
    const found = await world.database.db
      .query('SELECT FROM tds_inbox_events WHERE processed_at > $1 LIMIT 1', [time])
      .catch(() => ({ rowCount: 0 }))
    return found.rowCount > 0
  }

  async function tellOne(): Promise<{ status: number | null }> {
    const [record] = world.simulator.truth('product').records
    if (record === undefined) throw new Error('the world is empty')
    const delivery = world.simulator.deliveryOf(savedRecord('product', record))
    const { results } = await world.simulator.send([delivery], { target: world.installation.apiUrl })
    return { status: results[0]?.status ?? null }
  }

  async function readiness(): Promise<{ name: string; status: number | null }[]> {
    const urls = [...world.installation.healthUrls]
    return Promise.all(
      urls.map(async ([name, url]) => {
        const response = await fetch(`${url}/health/ready`).catch(() => null)
        await response?.body?.cancel()
        return { name, status: response?.status ?? null }
      }),
    )
  }
})

function databaseOf(postgres: EmbeddedPostgres): TestDatabase {
  const db = openDatabase({ url: postgres.url, applicationName: 'tds-test', poolSize: 2 })
  return { url: postgres.url, db, drop: () => db.close() }
}
