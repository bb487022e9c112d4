import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { loadConfig, messageOf, systemClock } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import { createAlerter, type Alerter } from './app.ts'
import { alerterConfigSchema } from './config.ts'

let database: TestDatabase
beforeEach(async () => {
  captureLogs()
  database = await createTestDatabase()
})
afterEach(() => database.drop())

function setup(url = database.url) {
  const failures: unknown[] = []
  const config = loadConfig(alerterConfigSchema, {
    DATABASE_URL: url,
    ALERTER_HEALTH_PORT: '0',
    // Nothing is sent to it; an alerter without a way to people is not well.
    SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/T0/B0/test',
  })
  return { failures, alerter: createAlerter(config, { fail: (error) => failures.push(error) }) }
}

async function ask(alerter: Alerter, path: string) {
  const response = await fetch(`http://127.0.0.1:${String(alerter.healthPort())}${path}`)
  return { status: response.status, json: (await response.json()) as Record<string, unknown> }
}

async function untilTrue(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(25)
}

async function registered(): Promise<{ name: string; version: string; is_stopped: boolean }[]> {
  const { rows } = await database.db.query<{ name: string; version: string; is_stopped: boolean }>(
    'SELECT name, version, stopped_at IS NOT NULL AS is_stopped FROM tds_daemons',
  )
  return rows
}

describe('the alerter', () => {
  it('is ready, healthy and registered when the database is there, and says goodbye when it stops', async () => {
    const { alerter } = setup()
    await alerter.start()
    await untilTrue(async () => (await registered()).length > 0)
    expect((await ask(alerter, '/health/ready')).status).toBe(200)
    await untilTrue(async () => (await ask(alerter, '/health')).json['status'] === 'healthy')
    expect((await ask(alerter, '/health')).json).toMatchObject({
      status: 'healthy',
      daemon: 'alerter',
      checks: expect.arrayContaining(
        ['database', 'heartbeat', 'deletion_fuse', 'alert rules', 'receiver_slack', 'disk', 'clock'].map(
          (name) => expect.objectContaining({ name }) as unknown,
        ),
      ),
    })
    await alerter.stop()
    expect(await registered()).toMatchObject([{ name: 'alerter', is_stopped: true }])
  })

  it('refuses to start on an older schema', async () => {
    await database.db.query('DELETE FROM _prisma_migrations')
    const { alerter } = setup()
    await expect(alerter.start()).rejects.toMatchObject({ code: 'schema_older' })
    await alerter.stop()
  })

  it('stays up while the database is away, not ready, and works as soon as it is there', async () => {
    const door = await closedDoor(database.url)
    const { alerter, failures } = setup(door.url)
    await alerter.start()
    expect((await ask(alerter, '/health/live')).status).toBe(200)
    expect(await ask(alerter, '/health/ready')).toMatchObject({ status: 503, json: { ready: false } })
    expect(await ask(alerter, '/health')).toMatchObject({ status: 503, json: { status: 'unhealthy' } })
    await door.open()
    await untilTrue(async () => (await ask(alerter, '/health/ready')).status === 200)
    await untilTrue(async () => (await registered()).length > 0)
    expect(failures).toEqual([])
    await alerter.stop()
    await door.close()
  })

  it('gives up when the database comes back with a schema that no waiting cures', async () => {
    await database.db.query('DELETE FROM _prisma_migrations')
    const door = await closedDoor(database.url)
    const { alerter, failures } = setup(door.url)
    await alerter.start()
    await door.open()
    await untilTrue(() => failures.length > 0)
    expect(failures).toMatchObject([{ code: 'schema_older' }])
    expect((await ask(alerter, '/health/ready')).status).toBe(503)
    await alerter.stop()
    await door.close()
  })

  it('names the variable when its port is taken', async () => {
    const first = setup()
    await first.alerter.start()
    const config = loadConfig(alerterConfigSchema, {
      DATABASE_URL: database.url,
      ALERTER_HEALTH_PORT: String(first.alerter.healthPort()),
    })
    const second = createAlerter(config, { fail: () => undefined })
    const failure: unknown = await second.start().catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'port_in_use',
      nextStep: expect.stringContaining('ALERTER_HEALTH_PORT'),
    })
    expect(messageOf(failure)).toContain('is in use')
    await first.alerter.stop()
  })
})

describe('main', () => {
  function start(env: Record<string, string>) {
    const main = fileURLToPath(new URL('./main.ts', import.meta.url))
    const { NODE_OPTIONS: _options, DATABASE_URL: _url, ...inherited } = process.env
    return spawn(process.execPath, ['--conditions=tds-source', main], { env: { ...inherited, ...env } })
  }

  it('exits 78 and names what is missing', async () => {
    const child = start({ ALERTER_HEALTH_PORT: 'x' })
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
    expect(code).toBe(78)
    expect(stderr).toContain('DATABASE_URL: not set')
    expect(stderr).toContain('ALERTER_HEALTH_PORT: got "x"')
  })

  it('runs until it is asked to stop, then exits 0', async () => {
    const child = start({ DATABASE_URL: database.url, ALERTER_HEALTH_PORT: '0' })
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    while (!out.includes('"started"')) await once(child.stdout, 'data')
    child.kill('SIGTERM')
    expect(await once(child, 'close')).toEqual([0, null])
    expect(out).not.toContain(new URL(database.url).password || 'no password at all')
  })
})

/** A way to the database that is shut first: its port is known, but nothing listens there. */
async function closedDoor(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const probe = createServer()
  await listen(probe, 0)
  const { port } = probe.address() as AddressInfo
  await close(probe)
  const door = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  })
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${String(port)}`
  return { url: url.href, open: () => listen(door, port), close: () => close(door) }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
  })
}
