import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { type Database, openDatabase } from '@tds/db'
import { captureLogs } from '@tds/runtime/testing'

import { listProcesses } from '../testing/process-list.ts'

import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
import { everybodyMayEnter } from './state-folder.ts'

// Starting takes a second on a machine at rest, and many on one that is busy.
const PATIENCE_MS = 120_000
const installation = process.env['TDS_TEST_POSTGRES_BIN']

describe('startEmbeddedPostgres', () => {
  let stateDir: string
  let running: { stop(): Promise<void> }[]

  beforeAll(async () => {
    captureLogs()
    stateDir = await mkdtemp(join(tmpdir(), 'tds-postgres-test-'))
    await chmod(stateDir, 0o711)
    running = []
  })

  async function stopAll(): Promise<void> {
    for (const one of running.splice(0)) await one.stop()
  }

  afterAll(async () => {
    await stopAll()
    await rm(stateDir, { recursive: true, force: true })
  })

  async function start(settings: Record<string, string> = { fsync: 'off' }): Promise<EmbeddedPostgres> {
    const postgres = await startEmbeddedPostgres({
      stateDir: join(stateDir, 'state'),
      settings,
      installation,
    })
    running.push(postgres)
    return postgres
  }

  function open(url: string): Database {
    const db = openDatabase({ url, applicationName: 'test', poolSize: 2 })
    running.unshift({ stop: async () => db.close() })
    return db
  }

  async function runFolders(): Promise<number> {
    const names = await readdir(join(stateDir, 'state'))
    return names.filter((name) => name.startsWith('run_')).length
  }

  describe('gives a database', () => {
    let postgres: EmbeddedPostgres

    beforeAll(async () => {
      postgres = await start({})
    }, PATIENCE_MS)

    afterAll(async () => {
      await postgres.stop()
    })

    it('that is durable unless asked not to be', async () => {
      const { rows } = await open(postgres.url).query<{ name: string; setting: string }>(
        `SELECT name, setting FROM pg_settings
          WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'TimeZone')`,
      )
      expect(Object.fromEntries(rows.map((row) => [row.name, row.setting]))).toEqual({
        fsync: 'on',
        full_page_writes: 'on',
        synchronous_commit: 'on',
        data_checksums: 'on',
        TimeZone: 'UTC',
      })
    })

    it('that asks for its password', async () => {
      const url = new URL(postgres.url)
      url.password = 'guessed'
      await expect(open(url.toString()).query('SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    })

    it('that keeps what was committed through a crash and a restart, at the same address', async () => {
      const db = open(postgres.url)
      await db.query('CREATE TABLE kept AS SELECT 42 AS answer')
      await postgres.halt('immediate')
      await expect(db.query('SELECT answer FROM kept')).rejects.toThrow()
      await postgres.resume()
      await expect(db.query('SELECT answer FROM kept')).resolves.toMatchObject({ rows: [{ answer: 42 }] })
    })
  })

  it(
    'lets any number run side by side, each gone without a trace after its stop',
    async () => {
      const both = await Promise.all([start(), start()])
      for (const [n, { url }] of both.entries()) await open(url).query(`CREATE TABLE only_in_${n} ()`)
      expect(new Set(both.map(({ url }) => new URL(url).port)).size).toBe(2)
      expect([await runFolders(), serversIn(stateDir)]).toEqual([2, 2])
      await Promise.all(both.flatMap((one) => [one.stop(), one.stop()]))
      expect([await runFolders(), serversIn(stateDir)]).toEqual([0, 0])
    },
    PATIENCE_MS,
  )

  it(
    'says in the words of the server why it did not start, and leaves nothing',
    async () => {
      await expect(start({ shared_buffers: 'nonsense' })).rejects.toMatchObject({
        code: 'postgres_start',
        facts: { log: expect.stringContaining('shared_buffers') },
      })
      expect([await runFolders(), serversIn(stateDir)]).toEqual([0, 0])
    },
    PATIENCE_MS,
  )

  describe('when its starter dies', () => {
    let holder: ChildProcess

    beforeEach(async () => {
      const file = fileURLToPath(new URL('../testing/postgres-holder.ts', import.meta.url))
      holder = spawn(process.execPath, [file, join(stateDir, 'state')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      if (holder.stdout) await once(holder.stdout, 'data')
    }, PATIENCE_MS)

    afterEach(async () => {
      holder.kill('SIGKILL')
      await stopAll()
    })

    async function killHolder(): Promise<void> {
      holder.kill('SIGKILL')
      await once(holder, 'exit')
    }

    it(
      'stops by itself, even after kill -9, and not before: neither for another start nor for a Ctrl-C',
      async () => {
        const other = await start()
        expect(serversIn(stateDir)).toBe(2)
        expect(groupOf(supervisorOf(holder))).not.toBe(groupOf(holder.pid))
        await killHolder()
        while (serversIn(stateDir) > 1) await setImmediate()
        await expect(open(other.url).query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
        await other.stop()
      },
      PATIENCE_MS,
    )

    it(
      'leaves nothing that the next start does not clear away, even when its supervisor died first',
      async () => {
        process.kill(supervisorOf(holder), 'SIGKILL')
        await killHolder()
        const next = await start()
        await expect(open(next.url).query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
        expect([await runFolders(), serversIn(stateDir)]).toEqual([1, 1])
      },
      PATIENCE_MS,
    )
  })
})

describe('everybodyMayEnter', () => {
  it('looks at every folder on the way', async () => {
    const base = await mkdtemp(join(tmpdir(), 'tds-enter-test-'))
    await chmod(base, 0o711)
    await mkdir(join(base, 'closed'), { mode: 0o700 })
    await mkdir(join(base, 'closed', 'inside'), { mode: 0o755 })
    expect(await everybodyMayEnter(base)).toBe(true)
    expect(await everybodyMayEnter(join(base, 'closed', 'inside'))).toBe(false)
    expect(await everybodyMayEnter(join(base, 'missing'))).toBe(false)
    await rm(base, { recursive: true })
  })
})

/** Servers whose data lies in a folder. A process that a server has just made of itself still looks like it, but is its child. */
function serversIn(folder: string): number {
  const alike = listProcesses().filter(({ command }) => command.includes(`-D ${folder}`))
  const servers = alike.filter(({ command }) => !command.startsWith('/bin/sh'))
  return servers.filter(({ parent }) => !servers.some(({ pid }) => pid === parent)).length
}

function groupOf(pid: number | undefined): number | undefined {
  return listProcesses().find((one) => one.pid === pid)?.group
}

function supervisorOf(holder: ChildProcess): number {
  const found = listProcesses().find((one) => one.parent === holder.pid && one.command.startsWith('/bin/sh'))
  if (!found) throw new Error('the holder has no supervisor')
  return found.pid
}
