import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import { openDatabase } from '@tds/db'
import type { TestDatabase } from '@tds/db/testing'
import type { Delivery } from '@tds/zoho-simulator'

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

  it('daemons that boot stay up and say that they are not ready, but for the api, which spools; all are ready by themselves when it is there', async () => {
    await waitUntil(async () => (await readiness()).every(({ status }) => status !== null), {
      what: 'all are up',
    })
    expect(await readiness()).toEqual(
      world.installation.daemons.map(({ name }) => ({ name, status: name === 'api' ? 200 : 503 })),
    )
    const answer = await tellOne()
    expect(answer).toMatchObject({ status: 202, told: 'spooled' })
    await postgres.resume()
    await expectOnce([answer.eventId ?? 'none'])
    await waitUntil(async () => (await readiness()).every(({ status }) => status === 200), {
      what: 'all are ready',
    })
    expect(world.installation.daemons.map((daemon) => daemon.ended())).toEqual([null, null, null])
  })

  it('F-03, F-04: after a restart and after a crash the same processes go on: nothing accepted is lost, and nothing refused', async () => {
    const pids = world.installation.daemons.map((daemon) => daemon.pid())
    const accepted = [...(await streamThrough('fast')), ...(await streamThrough('immediate'))]
    await expectOnce(accepted)
    await world.converge(80_000)
    expect(world.installation.daemons.map((daemon) => daemon.pid())).toEqual(pids)
    expect(world.installation.daemons.map((daemon) => daemon.ended())).toEqual([null, null, null])
  }, 150_000)

  it('kill -9 of the api while it spools loses nothing: its successor is ready without Postgres, and drains both spools', async () => {
    const { api } = world.installation
    await postgres.halt('fast')
    await waitUntil(async () => (await tellOne()).told === 'spooled', { what: 'deliveries are spooled' })
    const answers = await Promise.all(Array.from({ length: 10 }, tellChange))
    api.kill('SIGKILL')
    await api.startAgain()
    await api.untilReady()
    answers.push(...(await Promise.all(Array.from({ length: 5 }, tellChange))))
    expect(answers.map(({ told }) => told)).toEqual(Array(15).fill('spooled'))
    await postgres.resume()
    await expectOnce(answers.map(({ eventId }) => eventId ?? 'none'))
    await world.converge(60_000)
  }, 120_000)

  it('F-14: while a stranger has every connection deliveries are spooled within five seconds, and soon are normal again', async () => {
    const taken = await takeEveryConnection()
    const startedAt = performance.now()
    const answers = await Promise.all([tellChange(), tellChange(), tellChange()])
    expect(performance.now() - startedAt).toBeLessThan(5000)
    expect(answers.map(({ status, told }) => ({ status, told }))).toEqual(
      Array(3).fill({ status: 202, told: 'spooled' }),
    )
    await taken.release()
    await waitUntil(async () => (await tellOne()).told !== 'spooled', {
      what: 'deliveries go to Postgres again',
      withinMs: 10_000,
    })
    await expectOnce(answers.map(({ eventId }) => eventId ?? 'none'))
    await world.converge(60_000)
  }, 120_000)

  it('has left nothing different once it is back', async () => {
    const { rows } = await world.database.db.query<{ id: string }>(
      'SELECT DISTINCT source_entity_id AS id FROM tds_inbox_events',
    )
    expect(await world.differences(new Set(rows.map(({ id }) => id)))).toEqual([])
  })

  /** Sends a stream and takes Postgres away in the middle of it; every delivery has its 2xx, most of them at once. */
  async function streamThrough(mode: 'fast' | 'immediate'): Promise<string[]> {
    const accepted: string[] = []
    let spooled = 0
    const outage: { ended?: Promise<void> } = {}
    const deliveries = world.simulator.stream({
      count: 300,
      types: ['product', 'invoice'],
      kinds: { update: 9, create: 1 },
    })
    const { results } = await world.simulator.send(deliveries, {
      target: world.installation.apiUrl,
      concurrency: 8,
      onResult: ({ answer }) => {
        const { eventId, status } = JSON.parse(answer) as { eventId: string; status: string }
        accepted.push(eventId)
        if (status === 'spooled') spooled += 1
        if (accepted.length === 100) outage.ended = interrupt(mode)
      },
    })
    await outage.ended
    expect(results.filter(({ status }) => status !== 202 && status !== 200)).toEqual([])
    expect(spooled).toBeGreaterThan(0)
    return accepted
  }

  async function interrupt(mode: 'fast' | 'immediate'): Promise<void> {
    await postgres.halt(mode)
    await waitUntil(async () => (await tellOne()).told === 'spooled', { what: 'deliveries are spooled' })
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

  /** Every id that was answered with 2xx is in the inbox, and ids are unique there. */
  async function expectOnce(ids: readonly string[]): Promise<void> {
    let missing: readonly string[] = ids
    await waitUntil(
      async () => {
        const found = await world.database.db
          .query<{ id: string }>('SELECT id FROM tds_inbox_events WHERE id = ANY ($1::uuid[])', [ids])
          .catch(() => ({ rows: [] }))
        const kept = new Set(found.rows.map(({ id }) => id))
        missing = ids.filter((id) => !kept.has(id))
        return missing.length === 0
      },
      { what: 'everything accepted is in the inbox', withinMs: 60_000 },
    )
    expect(missing).toEqual([])
  }

  /** Takes every connection that Postgres allows, those of the daemons and of this test included. */
  async function takeEveryConnection(): Promise<{ release: () => Promise<void> }> {
    const stranger = openDatabase({
      url: postgres.url,
      applicationName: 'stranger',
      poolSize: 200,
      idleInTransactionTimeoutMs: 60_000,
    })
    const held = new AbortController()
    const released = once(held.signal, 'abort')
    const hold = async (): Promise<void> => {
      while (!held.signal.aborted) {
        await stranger
          .transaction(async (tx) => {
            await tx.query(
              `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'tds-%'`,
            )
            await released
          })
          .catch(() => sleep(50))
      }
    }
    const holding = Array.from({ length: 200 }, hold)
    await waitUntil(async () => (await tellOne()).told === 'spooled', { what: 'no connection is left' })
    return {
      release: async () => {
        held.abort()
        await Promise.all(holding)
        await stranger.close()
      },
    }
  }

  /** Tells of a record as it is; told again it is a duplicate. */
  async function tellOne(): Promise<Told> {
    const [record] = world.simulator.truth('product').records
    if (record === undefined) throw new Error('the world is empty')
    return tell(world.simulator.deliveryOf(savedRecord('product', record)))
  }

  async function tellChange(): Promise<Told> {
    return tell(world.simulator.deliveryOf(world.simulator.mutate({ type: 'product', kind: 'update' })))
  }

  async function tell(delivery: Delivery): Promise<Told> {
    const { results } = await world.simulator.send([delivery], { target: world.installation.apiUrl })
    const { status = null, answer = '{}' } = results[0] ?? {}
    const body = JSON.parse(status === null ? '{}' : answer) as { eventId?: string; status?: unknown }
    return { status, told: body.status, eventId: body.eventId }
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

/** What a delivery was answered. */
interface Told {
  readonly status: number | null
  readonly told: unknown
  readonly eventId: string | undefined
}

function databaseOf(postgres: EmbeddedPostgres): TestDatabase {
  const db = openDatabase({ url: postgres.url, applicationName: 'tds-test', poolSize: 2 })
  return { url: postgres.url, db, drop: () => db.close() }
}
