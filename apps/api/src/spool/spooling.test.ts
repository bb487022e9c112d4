import { cp, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { loadConfig, type HealthResult } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import { createApi, type Api } from '../app.ts'
import { apiConfigSchema } from '../config.ts'
import {
  delivery,
  keys,
  makeSpoolDir,
  sendTo,
  testEnvironment,
  type TestAnswer,
} from '../testing/api-world.ts'
import { lockInbox, renameAway } from '../testing/away.ts'
import { requireDescribed } from '../testing/require-described.ts'
import { roomy } from '../testing/roomy.ts'
import { until } from '../testing/spool-world.ts'

let database: TestDatabase
let spool: ReturnType<typeof makeSpoolDir>
const running: Api[] = []

beforeEach(async () => {
  captureLogs()
  database = await createTestDatabase({ poolSize: 3 })
  spool = makeSpoolDir()
})
afterEach(async () => {
  await Promise.all(running.splice(0).map(async (api) => api.stop()))
  await database.drop()
  spool.remove()
})

describe('an api without its database', () => {
  it('is ready through its spool, answers 202 at once, and has every id in the inbox when the database comes', async () => {
    const away = await renameAway(database)
    const api = await startApi()
    expect(await api.get('/health/ready')).toMatchObject({
      status: 200,
      body: { ready: true, detail: expect.stringContaining('deliveries are spooled') },
    })
    const startedAt = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => api.deliver(bodyOf(index))),
    )
    expect(performance.now() - startedAt).toBeLessThan(5000)
    for (const answer of answers) expect(answer).toMatchObject({ status: 202, body: { status: 'spooled' } })
    expect(checkIn(await api.get('/health'), 'spool')).toMatchObject({ facts: { open: true, records: 40 } })
    await away.back()
    await until(async () => (await rows()).length === 40)
    expect((await rows()).map(({ id }) => id).sort()).toEqual(answers.map(idOf).sort())
    expect(await carried()).toHaveLength(40)
    await until(async () => isEmpty())
    // The file goes a moment before it is no longer counted.
    await until(async () => {
      const { facts } = checkIn(await api.get('/health'), 'spool') as { facts: { records: number } }
      return facts.records === 0
    })
    expect(checkIn(await api.get('/health'), 'spool')).toMatchObject({ status: 'healthy' })
  })

  it('keeps what cannot be used as well, and each row has the id that was answered', async () => {
    const away = await renameAway(database)
    const api = await startApi()
    const thin = await api.deliver('{"entity":"item","event":"updated","id":"460122000000101014"}')
    const unusable = await api.deliver('{"item":')
    const deleted = await api.deliver(bodyOf(1), '/webhooks/products/deleted')
    await away.back()
    await until(async () => (await rows()).length === 3)
    const found = new Map((await rows()).map((row) => [row.id, row]))
    expect(found.get(idOf(thin))).toMatchObject({ status: 'pending', operation: 'update', foldable: false })
    expect(found.get(idOf(unusable))).toMatchObject({ status: 'quarantined', error_code: 'not_json' })
    expect(found.get(idOf(deleted))).toMatchObject({
      status: 'pending',
      operation: 'delete',
      foldable: false,
    })
  })

  it('leaves a version from the future to the clock of the database, and keeps the id that was answered', async () => {
    const away = await renameAway(database)
    const api = await startApi()
    const ahead = new Date(Date.now() + 30 * 3_600_000).toISOString()
    const answer = await api.deliver(`{"item":{"item_id":"7","last_modified_time":"${ahead}"}}`)
    expect(answer.body).toMatchObject({ status: 'spooled' })
    await away.back()
    await until(async () => (await rows()).length === 1)
    expect(await rows()).toEqual([
      expect.objectContaining({ id: idOf(answer), status: 'quarantined', error_code: 'future' }),
    ])
  })

  it('does not let a clock of its own that is behind call a version one from the future', async () => {
    await database.db.query(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET tds.clock_offset = %L', current_database(), '48 hours'); END $$`,
    )
    const away = await renameAway(database)
    const api = await startApi()
    const ahead = new Date(Date.now() + 40 * 3_600_000).toISOString()
    const answer = await api.deliver(`{"item":{"item_id":"7","last_modified_time":"${ahead}"}}`)
    await away.back()
    await until(async () => (await rows()).length === 1)
    expect(await rows()).toEqual([
      expect.objectContaining({ id: idOf(answer), status: 'pending', error_code: null }),
    ])
    expect(await carried()).toEqual([idOf(answer)])
  })

  it('keeps no secret that came in a header', async () => {
    const away = await renameAway(database)
    const api = await startApi()
    const [key] = keys
    const request = {
      method: 'POST',
      path: '/webhooks/products',
      body: bodyOf(1),
      headers: { 'content-type': 'application/json', 'x-webhook-key': key, authorization: 'Bearer canary' },
    }
    expect(await sendTo(api.url, request)).toMatchObject({ status: 202, body: { status: 'spooled' } })
    const held = await Promise.all((await segments()).map(async (file) => readFile(file, 'latin1')))
    expect(held.join('')).toContain('"x-webhook-key":"[masked]"')
    expect(held.join('')).not.toContain(key)
    expect(held.join('')).not.toContain('canary')
    await away.back()
  })

  it('that is stopped leaves its spool to the next one', async () => {
    const away = await renameAway(database)
    const first = await startApi()
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => first.deliver(bodyOf(index))),
    )
    await first.api.stop()
    await away.back()
    await startApi()
    await until(async () => (await rows()).length === 10)
    expect((await rows()).map(({ id }) => id).sort()).toEqual(answers.map(idOf).sort())
    await until(async () => isEmpty())
  })
})

describe('an api whose database does not answer in time', () => {
  it('F-04: spools after the three seconds, and what was committed after all stays one row', async () => {
    const api = await startApi()
    const locked = await lockInbox(database)
    const startedAt = performance.now()
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => api.deliver(bodyOf(index))),
    )
    expect(performance.now() - startedAt).toBeLessThan(5000)
    for (const answer of answers) expect(answer).toMatchObject({ status: 202, body: { status: 'spooled' } })
    await locked.release()
    await until(async () => isEmpty())
    expect((await rows()).map(({ id }) => id).sort()).toEqual(answers.map(idOf).sort())
    expect(await api.deliver(bodyOf(1))).toMatchObject({ status: 200, body: { status: 'duplicate' } })
    expect((await rows()).map(({ duplicate_count: count }) => count).sort()).toEqual([
      ...Array(29).fill(0),
      1,
    ])
  })

  it('keeps what a mistake of ours kept from being stored, answers 500, and stores it when the mistake is mended', async () => {
    const api = await startApi()
    await database.db.query('ALTER TABLE tds_inbox_events RENAME COLUMN flags TO no_flags')
    expect(await api.deliver(bodyOf(1))).toMatchObject({ status: 500 })
    expect((await segments()).length).toBe(1)
    await database.db.query('ALTER TABLE tds_inbox_events RENAME COLUMN no_flags TO flags')
    await until(async () => (await rows()).length === 1)
    await until(async () => isEmpty())
  })
})

describe('an api whose database answers but takes nothing', () => {
  it('spools, says in its health why, with what to do, and is healthy again when it takes', async () => {
    const api = await startApi()
    await database.db.query(
      `CREATE FUNCTION be_full() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$`,
    )
    await database.db.query(
      'CREATE TRIGGER be_full BEFORE INSERT ON tds_inbox_events EXECUTE FUNCTION be_full()',
    )
    expect(await api.deliver(bodyOf(1))).toMatchObject({ status: 202, body: { status: 'spooled' } })
    await until(async () => (await api.get('/health')).status === 503)
    const report = await api.get('/health')
    expect(checkIn(report, 'database')).toMatchObject({
      status: 'unhealthy',
      detail: expect.stringMatching(/takes nothing: .*could not extend file\. Make room/),
    })
    expect(checkIn(report, 'spool')).toMatchObject({
      status: 'degraded',
      detail: expect.stringMatching(/^1 deliveries wait .* cannot be stored: .*could not extend file/),
    })
    await database.db.query('DROP TRIGGER be_full ON tds_inbox_events')
    await until(async () => (await rows()).length === 1)
    await until(async () => {
      const again = await api.get('/health')
      return ['database', 'spool'].every(
        (name) => (checkIn(again, name) as HealthResult).status === 'healthy',
      )
    })
  })
})

describe('draining', () => {
  it('a second time, as after a crash between commit and removal, adds no row and counts no duplicate', async () => {
    const away = await renameAway(database)
    const first = await startApi()
    await Promise.all(Array.from({ length: 20 }, async (_, index) => first.deliver(bodyOf(index))))
    await first.deliver('{"entity":"item","event":"updated","id":"460122000000101014"}')
    await first.deliver('{"item":')
    await first.api.stop()
    const copy = join(spool.path, '..', 'copy')
    await cp(spool.path, copy, { recursive: true })
    await away.back()
    const next = await startApi()
    await until(async () => isEmpty())
    const stored = await rows()
    await cp(copy, spool.path, { recursive: true })
    await until(async () => !(await isEmpty()))
    await until(async () => isEmpty())
    expect(await rows()).toEqual(stored)
    expect(stored).toHaveLength(22)
    expect(new Set(stored.map(({ duplicate_count: count }) => count))).toEqual(new Set([0]))
    await next.api.stop()
  })

  it('two apis on one folder drain each delivery once', async () => {
    await mkdir(spool.path, { recursive: true })
    const away = await renameAway(database)
    const apis = [await startApi(), await startApi()]
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => apis[index % 2]?.deliver(bodyOf(index))),
    )
    await away.back()
    await until(async () => isEmpty())
    expect((await rows()).map(({ id }) => id).sort()).toEqual(
      answers.map((answer) => String(answer?.body['eventId'])).sort(),
    )
  })
})

interface RunningApi {
  readonly api: Api
  readonly url: string
  readonly deliver: (body: string, path?: string) => Promise<TestAnswer>
  readonly get: (path: string) => Promise<TestAnswer>
}

async function startApi(): Promise<RunningApi> {
  const env = testEnvironment(database.url, { SPOOL_DIR: spool.path })
  const api = createApi(loadConfig(apiConfigSchema, env), { spool: { ...roomy, watchMs: 100 } })
  running.push(api)
  await api.start()
  const url = `http://127.0.0.1:${String(api.port())}`
  return {
    api,
    url,
    deliver: async (body, path = '/webhooks/products') => {
      const request = delivery(path, body)
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

function idOf({ body }: TestAnswer): string {
  return String(body['eventId'])
}

interface Row {
  readonly id: string
  readonly status: string
  readonly operation: string
  readonly foldable: boolean
  readonly error_code: string | null
  readonly duplicate_count: number
}

async function rows(): Promise<Row[]> {
  const found = await database.db.query<Row>(
    'SELECT id, status, operation_type AS operation, foldable, error_code, duplicate_count FROM tds_inbox_events ORDER BY id',
  )
  return found.rows
}

async function carried(): Promise<string[]> {
  const found = await database.db.query<{ data: string }>('SELECT data FROM pgboss.job')
  return found.rows.flatMap(({ data }) => (JSON.parse(data) as { eventIds: string[] }).eventIds)
}

async function segments(): Promise<string[]> {
  const names = await listFiles()
  return names.filter((name) => name.endsWith('.spool')).map((name) => join(spool.path, name))
}

/** A folder that an api removes while it is looked into is looked into again. */
async function listFiles(): Promise<string[]> {
  for (;;) {
    try {
      return await readdir(spool.path, { recursive: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
}

async function isEmpty(): Promise<boolean> {
  return (await segments()).length === 0
}

function checkIn(answer: TestAnswer, name: string): object | undefined {
  return (answer.body['checks'] as { name: string }[]).find((check) => check.name === name)
}
