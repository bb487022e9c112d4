import { randomInt } from 'node:crypto'
import { join } from 'node:path'

import { openDatabase } from '@tds/db'
import type { HealthResult } from '@tds/runtime'

import { seededChance } from '../deliveries/seeded-chance.ts'
import { prepareDatabase } from '../installation/prepare-database.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../postgres/index.ts'
import {
  type Attempt,
  brokenPromises,
  drive,
  type EndToEnd,
  type History,
  startEndToEnd,
  waitUntil,
} from '../testing/index.ts'
import { markedChanges } from '../testing/marked-changes.ts'
import { canMountVolumes, mountSmallVolume, type SmallVolume } from '../testing/small-volume.ts'

/** The promises: so soon health tells of it, and so soon everything is normal once there is room. */
const toldWithinMs = 60_000
const normalWithinMs = 300_000
const seed = Number(process.env['TDS_SEED'] ?? randomInt(1_000_000))

// Mounting takes a right that not every account has, and a folder that can be filled up without harm is always a mount.
const describeMounted = canMountVolumes ? describe : describe.skip

describeMounted(`F-27: a data disk that is full in the middle of a stream (TDS_SEED=${String(seed)})`, () => {
  let volume: SmallVolume
  let postgres: EmbeddedPostgres
  let world: EndToEnd
  let pids: number[]
  let streaming: ReturnType<typeof stream>

  beforeAll(async () => {
    volume = await mountSmallVolume('256m')
    postgres = await startEmbeddedPostgres({
      stateDir: join(volume.path, 'state'),
      installation: process.env['TDS_TEST_POSTGRES_BIN'],
      settings: { shared_buffers: '32MB', min_wal_size: '64MB', max_wal_size: '96MB' },
    })
    await prepareDatabase(postgres.url)
    const db = openDatabase({ url: postgres.url, applicationName: 'tds-test', poolSize: 2 })
    world = await startEndToEnd({
      database: { url: postgres.url, db, drop: () => db.close() },
      // So little that it is reached.
      settings: { SPOOL_LIMIT: '192kb' },
    })
    pids = world.installation.daemons.map((daemon) => daemon.pid())
    streaming = stream()
  }, 120_000)

  afterAll(async () => {
    await streaming.end().catch(() => undefined)
    await world.stop()
    await postgres.stop()
    await volume.remove()
  })

  it('makes the api spool, and health tells of it within a minute although Postgres goes on answering', async () => {
    await waitUntil(async () => (await tellOne()).told === 'accepted', { what: 'deliveries go to Postgres' })
    await logAhead()
    await volume.fill()
    await waitUntil(async () => (await tellOne()).told === 'spooled', {
      what: 'deliveries are spooled',
      withinMs: 90_000,
    })
    await waitUntil(async () => (await check('database')).status === 'unhealthy', {
      what: 'health tells',
      withinMs: toldWithinMs,
    })
    expect((await check('database')).detail).toContain('No space left on device')
    await expect(world.database.db.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
  }, 180_000)

  it('is answered with 503 and Retry-After, and no 2xx, once the spool is at its limit as well', async () => {
    let answer: Told | undefined
    await waitUntil(
      async () => {
        // So that this connection is not given back: there is no room for what a new one wants to write.
        await world.database.db.query('SELECT 1')
        answer = await tellOne()
        return answer.code === 503
      },
      { what: 'the spool is at its limit' },
    )
    expect(answer?.eventId).toBeNull()
    expect(Number(answer?.retryAfter)).toBeGreaterThan(0)
  }, 60_000)

  it('takes Postgres down when no log can be written, and health tells of that within a minute', async () => {
    await waitUntil(
      async () => {
        await volume.fill()
        await log(1).catch(() => undefined)
        return (await check('database')).detail.includes('does not answer')
      },
      { what: 'health tells', withinMs: toldWithinMs },
    )
    const { status, detail } = await check('database')
    expect({ status, detail }).toMatchObject({
      status: 'unhealthy',
      detail: expect.stringMatching(/ECONNREFUSED|recovery|starting up|shut|terminated|No space left/),
    })
  }, 100_000)

  it('leaves nothing lost, nothing wrong and the same processes once there is room: all is normal in five minutes', async () => {
    const from = performance.now()
    await volume.free()
    await postgres.halt('immediate')
    await postgres.resume()
    await waitUntil(async () => (await tellOne()).told === 'accepted', { what: 'deliveries go to Postgres' })
    await waitUntil(isWell, { what: 'health is as before' })
    const history = await streaming.end()
    await world.convergeReleasing(normalWithinMs)
    const normalMs = Math.round(performance.now() - from)
    const stored = history.attempts.filter(({ outcome }) => outcome === 'stored')
    const refused = history.attempts.filter(({ status }) => status === 503)
    console.info(JSON.stringify({ TDS_SEED: seed, normalMs, stored: stored.length, refused: refused.length }))
    expect(normalMs).toBeLessThan(normalWithinMs)
    expect(await brokenPromises(world.database.db, history)).toEqual([])
    expect(await world.differences(new Set(stored.map(({ delivery }) => delivery.id)))).toEqual([])
    expect(stored.length + refused.length).toBe(history.attempts.length)
    expect(refused.length).toBeGreaterThan(0)
    expect(world.installation.daemons.map((daemon) => daemon.pid())).toEqual(pids)
    expect(world.installation.daemons.map((daemon) => daemon.ended())).toEqual(pids.map(() => null))
  }, 400_000)

  /** Streams changes until ended; what is refused is sent again until it has its 2xx. */
  function stream(): { readonly told: Attempt[]; readonly end: () => Promise<History> } {
    const over = new AbortController()
    const told: Attempt[] = []
    const deliveries = markedChanges(world.simulator, seededChance(seed), {
      count: Infinity,
      records: { ofEachType: 7 },
      until: over.signal,
    })
    const driving = drive(world.simulator, deliveries, {
      targets: [world.installation.apiUrl],
      atOnce: 24,
      ratePerSecond: 24,
      patienceMs: normalWithinMs,
    })
    // Until it is awaited its failure is nobody's.
    driving.catch(() => undefined)
    return {
      told,
      end: async () => {
        over.abort()
        const { attempts } = await driving
        return { attempts: [...attempts, ...told] }
      },
    }
  }

  /** Tells of a product that is new, once, beside the stream. */
  async function tellOne(): Promise<Told> {
    const mutation = world.simulator.mutate({ type: 'product', kind: 'create' })
    const delivery = world.simulator.deliveryOf(mutation, { shape: 'detail' })
    const { method, headers, body, path } = delivery
    const response = await fetch(new URL(path, world.installation.apiUrl), { method, headers, body })
    const answer = (await response.json()) as { eventId?: string; status: unknown }
    const eventId = response.ok ? (answer.eventId ?? null) : null
    const outcome = response.ok ? 'stored' : 'refused'
    streaming.told.push({ delivery, outcome, status: response.status, eventId })
    return {
      code: response.status,
      told: answer.status,
      eventId: answer.eventId ?? null,
      retryAfter: response.headers.get('Retry-After'),
    }
  }

  /** Has Postgres keep files for its log, as one does that has run for a while: then it is its data that finds no room first. */
  async function logAhead(): Promise<void> {
    await log(64)
    await world.database.db.query('CHECKPOINT')
  }

  async function log(megabytes: number): Promise<void> {
    for (let written = 0; written < megabytes; written += 1) {
      await world.database.db.query(`SELECT pg_logical_emit_message(false, 'tds-test', repeat('x', 1048576))`)
    }
  }

  async function check(name: string): Promise<HealthResult> {
    const response = await fetch(`${world.installation.apiUrl}/health`)
    const { checks } = (await response.json()) as { checks: (HealthResult & { name: string })[] }
    const found = checks.find((one) => one.name === name)
    if (found === undefined) throw new Error(`there is no check ${name}`)
    return found
  }

  async function isWell(): Promise<boolean> {
    const checks = await Promise.all(['database', 'spool', 'workers', 'waiting events'].map(check))
    return checks.every(({ status }) => status === 'healthy')
  }
})

/** What a delivery was answered. */
interface Told {
  readonly code: number
  readonly told: unknown
  readonly eventId: string | null
  readonly retryAfter: string | null
}
