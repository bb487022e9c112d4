import { setTimeout as sleep } from 'node:timers/promises'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { loadConfig, metricsRegistry } from '@tds/runtime'
import { createApi, type Api } from './app.ts'
import { apiConfigSchema } from './config.ts'
import { delivery, makeSpoolDir, sendTo, testEnvironment, type TestAnswer } from './testing/api-world.ts'
import { lockInbox, renameAway } from './testing/away.ts'
import { requireDescribed } from './testing/require-described.ts'
import { roomy } from './testing/roomy.ts'

let database: TestDatabase
let spool: ReturnType<typeof makeSpoolDir>

beforeEach(async () => {
  database = await createTestDatabase({ poolSize: 3 })
  spool = makeSpoolDir()
})
afterEach(async () => {
  await database.drop()
  spool.remove()
})

describe('the api', () => {
  it('answers what it has accepted when it is stopped, and says goodbye', async () => {
    const { api, deliver } = await startApi()
    const locked = await lockInbox(database)
    const answers = Promise.all(Array.from({ length: 20 }, async (_, index) => deliver(bodyOf(index))))
    await until(async () => (await deliveriesHeld()) === 20)
    const stopped = api.stop()
    await locked.release()
    for (const answer of await answers) {
      expect(answer).toMatchObject({
        status: 202,
        body: { status: 'accepted' },
        headers: { connection: 'close' },
      })
    }
    await stopped
    expect(await countRows()).toBe(20)
    const { rows } = await database.db.query<{ stopped_at: string | null }>(
      'SELECT stopped_at FROM tds_daemons',
    )
    expect(rows).toEqual([{ stopped_at: expect.any(String) }])
    await expect(deliver(bodyOf(99))).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('answers 503 within five seconds while a lock keeps it from storing and nothing can be spooled, and keeps nothing', async () => {
    const { api, deliver } = await startApi({ SPOOL_LIMIT: '1b' })
    const locked = await lockInbox(database)
    const startedAt = performance.now()
    const answers = await Promise.all(Array.from({ length: 30 }, async (_, index) => deliver(bodyOf(index))))
    expect(performance.now() - startedAt).toBeLessThan(5000)
    for (const { status, headers, body } of answers) {
      expect(status).toBe(503)
      expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(5)
      expect(Number(headers['retry-after'])).toBeLessThanOrEqual(30)
      expect(body).toMatchObject({ type: 'urn:tds:problem:unavailable', requestId: headers['x-request-id'] })
    }
    await locked.release()
    await expect(deliver(bodyOf(1))).resolves.toMatchObject({ status: 202, body: { status: 'accepted' } })
    await api.stop()
    expect(await countRows()).toBe(1)
  })

  it('survives the loss of all its connections in the middle of a stream', async () => {
    const { api, deliver } = await startApi()
    const answers = Array.from({ length: 60 }, async (_, index) => {
      await sleep(index * 5)
      return deliver(bodyOf(index))
    })
    for (let turn = 0; turn < 4; turn += 1) {
      await sleep(60)
      await database.db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'tds-%'`,
      )
    }
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set([202]))
    await until(async () => (await countRows()) === 60)
    await api.stop()
  })

  it('stays up without database and spool, says that it is not ready, answers 503, and works when the database comes', async () => {
    const away = await renameAway(database)
    const { api, deliver, get } = await startApi({ SPOOL_LIMIT: '1b' })
    await expect(get('/health/ready')).resolves.toMatchObject({ status: 503, body: { ready: false } })
    await expect(get('/health/live')).resolves.toMatchObject({ status: 200 })
    await expect(get('/health')).resolves.toMatchObject({ status: 503, body: { status: 'unhealthy' } })
    await expect(deliver(bodyOf(1))).resolves.toMatchObject({ status: 503 })
    await away.back()
    await until(async () => (await get('/health/ready')).status === 200)
    await expect(deliver(bodyOf(1))).resolves.toMatchObject({ status: 202 })
    await api.stop()
  })

  it('is not ready any more when the database goes away later and nothing can be spooled', async () => {
    const { api, get } = await startApi({ SPOOL_LIMIT: '1b' })
    const away = await renameAway(database)
    await until(async () => (await get('/health/ready')).status === 503)
    await expect(get('/health')).resolves.toMatchObject({ status: 503, body: { status: 'unhealthy' } })
    await away.back()
    await until(async () => (await get('/health/ready')).status === 200)
    await api.stop()
  })

  it('refuses to start on an older schema, saying what to run', async () => {
    const empty = await createTestDatabase({ empty: true })
    const api = createApi(configOf(empty.url))
    await expect(api.start()).rejects.toMatchObject({
      code: 'schema_older',
      nextStep: expect.stringContaining('db:deploy'),
    })
    await api.stop()
    await empty.drop()
  })

  it('answers its own mistakes with the request id alone', async () => {
    const { api, deliver } = await startApi()
    await database.db.query('ALTER TABLE tds_inbox_events RENAME COLUMN flags TO no_flags')
    const answer = await deliver(bodyOf(1))
    expect(answer).toMatchObject({ status: 500, headers: { 'x-request-id': expect.any(String) } })
    expect(answer.body).toEqual({
      type: 'urn:tds:problem:internal',
      title: 'Internal error',
      status: 500,
      requestId: answer.headers['x-request-id'],
    })
    await api.stop()
  })
})

interface RunningApi {
  readonly api: Api
  readonly deliver: (body: string) => Promise<TestAnswer>
  readonly get: (path: string) => Promise<TestAnswer>
}

function configOf(url: string, env: Record<string, string> = {}) {
  return loadConfig(apiConfigSchema, testEnvironment(url, { SPOOL_DIR: spool.path, ...env }))
}

async function startApi(env: Record<string, string> = {}): Promise<RunningApi> {
  const api = createApi(configOf(database.url, env), { spool: roomy })
  await api.start()
  const url = `http://127.0.0.1:${String(api.port())}`
  return {
    api,
    deliver: async (body) => {
      const request = delivery('/webhooks/products', body)
      const answer = await sendTo(url, request)
      requireDescribed(request, answer)
      return answer
    },
    get: async (path) => sendTo(url, { method: 'GET', path, headers: {} }),
  }
}

function bodyOf(index: number): string {
  const at = new Date(Date.UTC(2026, 6, 21) + index * 1000).toISOString()
  return JSON.stringify({ item: { item_id: '460122000000101014', last_modified_time: at } })
}

/** Deliveries that the intake of this process has and has not answered. */
async function deliveriesHeld(): Promise<number> {
  const metric = await metricsRegistry.getSingleMetric('tds_intake_held_events')?.get()
  return metric?.values.reduce((sum, { value }) => sum + value, 0) ?? 0
}

async function countRows(): Promise<number> {
  const { rows } = await database.db.query<{ rows: number }>(
    'SELECT count(*)::int AS rows FROM tds_inbox_events',
  )
  return rows[0]?.rows ?? -1
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50)
}
