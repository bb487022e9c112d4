import { type Database, openDatabase } from '@tds/db'
import { type BlackHoleProxy, blackHoleProxy } from '@tds/db/testing'

import { prepareDatabase } from '../installation/prepare-database.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/index.ts'
import { type EndToEnd, startEndToEnd, waitUntil } from '../testing/index.ts'

/** The promise: the first event is applied so soon after Postgres can be worked with again. */
const backWithinMs = 15_000
const connectionsOfAll = 60

describe('while Postgres is there but cannot be worked with', () => {
  let postgres: EmbeddedPostgres
  let way: BlackHoleProxy
  let world: EndToEnd
  let pids: number[]

  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({
      installation: process.env['TDS_TEST_POSTGRES_BIN'],
      settings: { max_connections: String(connectionsOfAll), fsync: 'off' },
    })
    await prepareDatabase(postgres.url)
    way = await blackHoleProxy(postgres.url)
    const db = openDatabase({ url: postgres.url, applicationName: 'tds-test', poolSize: 3 })
    world = await startEndToEnd({
      database: { url: postgres.url, db, drop: () => db.close() },
      withAlerter: true,
      settings: { DATABASE_URL: way.url },
    })
    pids = world.installation.daemons.map((daemon) => daemon.pid())
  }, 90_000)

  afterAll(async () => {
    await world.stop()
    await way.close()
    await postgres.stop()
  })

  it('F-09: a network that swallows every connection there is costs seconds, and nothing accepted', async () => {
    const ids = await tell(3)
    way.swallow()
    ids.push(...(await tellUntilStored(3)))
    // Each pool finds out by the limit of one statement that its connections are dead.
    await untilApplied(ids, 60_000)
    expect(running()).toEqual(pids)
  }, 90_000)

  it('F-14: connections all taken by somebody else are told as they are, and all goes on when they are free', async () => {
    const greedy = await takeAllConnections()
    try {
      await waitUntil(async () => (await tellOne()).told === 'spooled', { what: 'a delivery is spooled' })
      expect((await health('api')).status).toBe(503)
    } finally {
      await greedy.release()
    }
    await untilApplied(await tellUntilStored(3))
    await waitUntil(async () => (await health('api')).status === 200, { what: 'the api is well again' })
    expect(running()).toEqual(pids)
  }, 60_000)

  it('a database that only reads is told as it is, and all goes on when it writes again', async () => {
    await world.database.db.query('ALTER DATABASE tds SET default_transaction_read_only = on')
    await endSessions()
    await waitUntil(async () => (await tellOne()).told === 'spooled', { what: 'a delivery is spooled' })
    await postgresAdmin('ALTER DATABASE tds RESET default_transaction_read_only')
    await endSessions()
    await untilApplied(await tellUntilStored(3))
    expect(running()).toEqual(pids)
  }, 60_000)

  // The last one: it ends a process on purpose.
  it('F-02: an api that is killed between commit and answer leaves one row, and the delivery sent again is a duplicate', async () => {
    const { api, apiUrl } = world.installation
    const mutation = world.simulator.mutate({ type: 'product', kind: 'create' })
    const delivery = world.simulator.deliveryOf(mutation, { shape: 'detail' })
    const send = async () => (await world.simulator.send([delivery], { target: apiUrl })).results[0]
    await holdCommits(true)
    const unanswered = send()
    await waitUntil(isHeldAtCommit, { what: 'the delivery is committed and nobody knows it' })
    api.kill('SIGKILL')
    expect((await unanswered)?.status ?? null).toBeNull()
    await holdCommits(false)
    await api.startAgain()
    await api.untilReady()
    const again = await send()
    expect(again?.status).toBe(200)
    const { eventId } = JSON.parse(again?.answer ?? '') as { eventId: string }
    await untilApplied([eventId], 60_000)
    expect(await eventsOf(mutation.id)).toBe(1)
  }, 120_000)

  /** A standby that is not there keeps the answer to each commit back: what was committed is committed all the same. */
  async function holdCommits(held: boolean): Promise<void> {
    const { db } = world.database
    await db.query(`ALTER SYSTEM SET synchronous_standby_names = '${held ? 'nobody' : ''}'`)
    await db.query('SELECT pg_reload_conf()')
    await waitUntil(
      async () => {
        const { rows } = await db.query<{ names: string }>(
          `SELECT current_setting('synchronous_standby_names') AS names`,
        )
        return (rows[0]?.names === 'nobody') === held
      },
      { what: 'the setting holds' },
    )
  }

  async function isHeldAtCommit(): Promise<boolean> {
    const { rowCount } = await world.database.db.query(
      `SELECT FROM pg_stat_activity WHERE application_name = 'tds-api' AND wait_event = 'SyncRep' AND query = 'COMMIT'`,
    )
    return rowCount > 0
  }

  async function eventsOf(id: string): Promise<number> {
    const { rows } = await world.database.db.query<{ events: number }>(
      `SELECT count(*)::int AS events FROM tds_inbox_events WHERE source_entity_id = $1`,
      [id],
    )
    return rows[0]?.events ?? NaN
  }

  /** The daemons that have not ended: riding it out means that they are the same processes. */
  function running(): number[] {
    return world.installation.daemons
      .filter((daemon) => daemon.ended() === null)
      .map((daemon) => daemon.pid())
  }

  /** Fills Postgres up, and keeps it so while the daemons' own connections are ended. */
  async function takeAllConnections(): Promise<{ release: () => Promise<void> }> {
    const taken: Database[] = []
    const hold = async (): Promise<boolean> => {
      const one = openDatabase({ url: postgres.url, applicationName: 'tds-greedy', poolSize: 1 })
      const isTaken = await one.query('SELECT 1').then(
        () => true,
        () => false,
      )
      if (isTaken) taken.push(one)
      else await one.close()
      return isTaken
    }
    for (let round = 0; round < 3; round += 1) {
      while (await hold());
      await endSessions()
    }
    while (await hold());
    return {
      release: async () => {
        await Promise.all(taken.map((one) => one.close()))
      },
    }
  }

  /** Ends the sessions of the daemons; they have to connect anew. */
  async function endSessions(): Promise<void> {
    await postgresAdmin(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name LIKE 'tds-%' AND application_name NOT IN ('tds-greedy', 'tds-test')`,
    )
  }

  async function postgresAdmin(statement: string): Promise<void> {
    await world.database.db.query('SELECT 1').catch(() => undefined)
    await world.database.db.transaction(async (tx) => {
      await tx.query('SET TRANSACTION READ WRITE')
      await tx.query(statement)
    })
  }

  async function tellOne(): Promise<{ told: string | null; id: string | null }> {
    const mutation = world.simulator.mutate({ type: 'product', kind: 'update' })
    const { results } = await world.simulator.send([world.simulator.deliveryOf(mutation)], {
      target: world.installation.apiUrl,
    })
    const [result] = results
    if (result?.status !== 202) return { told: null, id: null }
    const { eventId, status } = JSON.parse(result.answer) as { eventId: string; status: string }
    return { told: status, id: eventId }
  }

  async function tell(count: number): Promise<string[]> {
    const ids: string[] = []
    while (ids.length < count) {
      const { id } = await tellOne()
      if (id !== null) ids.push(id)
    }
    return ids
  }

  async function tellUntilStored(count: number): Promise<string[]> {
    await waitUntil(async () => (await tellOne()).told === 'accepted', {
      what: 'a delivery goes to Postgres again',
      withinMs: backWithinMs,
    })
    return tell(count)
  }

  async function untilApplied(ids: readonly string[], withinMs = backWithinMs + 10_000): Promise<void> {
    await waitUntil(
      async () => {
        const { rowCount } = await world.database.db
          .query('SELECT FROM tds_inbox_events WHERE id = ANY ($1) AND processed_at IS NOT NULL', [ids])
          .catch(() => ({ rowCount: 0 }))
        return rowCount === ids.length
      },
      { what: 'all events are finished', withinMs },
    )
  }

  async function health(name: string): Promise<{ status: number | undefined }> {
    const response = await fetch(`${world.installation.healthUrls.get(name) ?? ''}/health`)
    await response.body?.cancel()
    return { status: response.status }
  }
})
