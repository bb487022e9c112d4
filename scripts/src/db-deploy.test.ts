import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

import { verifyDatabase } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { createQueue } from '@tds/queue'

const command = fileURLToPath(new URL('./db-deploy.ts', import.meta.url))
const nowhere = 'postgresql://nobody:hidden@127.0.0.1:1/nothing'

describe('pnpm db:deploy', () => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await createTestDatabase({ empty: true, poolSize: 1 })
  })

  afterEach(async () => {
    await database.drop()
  })

  interface Outcome {
    exitCode: number | null
    said: string
    complained: string
  }

  async function deploy(env: Record<string, string> = { DATABASE_URL: database.url }): Promise<Outcome> {
    const { DATABASE_URL: _, DATABASE_DIRECT_URL: __, ...inherited } = process.env
    const child = spawn(process.execPath, [command], {
      env: { ...inherited, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [said, complained] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    return { exitCode: child.exitCode, said, complained }
  }

  async function expectReady(): Promise<void> {
    await expect(verifyDatabase(database.db)).resolves.toBeUndefined()
    const queue = createQueue({ db: database.db, role: 'sender' })
    await expect(queue.start()).resolves.toBeUndefined()
    await queue.stop()
  }

  it('brings an empty database to what the daemons need, says what it applied, and does nothing the next time', async () => {
    const first = await deploy()
    expect(first).toMatchObject({ exitCode: 0, complained: '' })
    expect(first.said).toContain('applied 20261123090100_create_inbox')
    await expectReady()
    const second = await deploy()
    expect(second).toEqual({
      exitCode: 0,
      said: 'The database is up to date: nothing to apply.\n',
      complained: '',
    })
  })

  it('may run twice at the same time', async () => {
    const both = await Promise.all([deploy(), deploy()])
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    expect(both.filter(({ said }) => said.includes('nothing to apply'))).toHaveLength(1)
    await expectReady()
  })

  it('goes on after kill -9', async () => {
    const child = spawn(process.execPath, [command], {
      env: { ...process.env, DATABASE_URL: database.url },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await deploy()).toMatchObject({ exitCode: 0, complained: '' })
    await expectReady()
  })

  it('goes past a pooler where DATABASE_DIRECT_URL says how', async () => {
    const outcome = await deploy({ DATABASE_URL: nowhere, DATABASE_DIRECT_URL: database.url })
    expect(outcome).toMatchObject({ exitCode: 0, complained: '' })
  })

  it('names DATABASE_URL when it is not set, and exits 78', async () => {
    const outcome = await deploy({})
    expect(outcome).toMatchObject({ exitCode: 78, said: '' })
    expect(outcome.complained).toContain('DATABASE_URL: not set')
  })

  it('says that Postgres is not there, what to do, and no password, and exits 1', async () => {
    const outcome = await deploy({ DATABASE_URL: nowhere })
    expect(outcome).toMatchObject({ exitCode: 1, said: '' })
    expect(outcome.complained).toContain('ECONNREFUSED')
    expect(outcome.complained).toContain('DATABASE_URL')
    expect(outcome.complained).not.toContain('hidden')
  })

  it('refuses a database that is ahead of it, and exits 78', async () => {
    await deploy()
    await database.db.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at)
       VALUES (gen_random_uuid(), '', '29990101000000_add_tomorrow', now(), now())`,
    )
    const outcome = await deploy()
    expect(outcome.exitCode).toBe(78)
    expect(outcome.complained).toContain('29990101000000_add_tomorrow')
  })
})
