import { execFile, spawn } from 'node:child_process'
import { randomBytes, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { chown, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { TdsError } from '@tds/runtime'

import { type PostgresBinaries, postgresBinaries } from './binaries.ts'
import { madeRunFolder, removeStaleRuns } from './run-folder.ts'
import { type ServerAccount, serverAccount } from './server-account.ts'
import { stateFolder } from './state-folder.ts'
import { type SupervisedServer, startSupervisedServer } from './supervised-server.ts'

const USER = 'tds'
const DATABASE = 'tds'
const PORT_TRIES = 5
const run = promisify(execFile)

/** What may be chosen about an embedded Postgres. */
export interface EmbeddedPostgresOptions {
  /** Folder for the data of all runs; default `var/postgres` in the checkout, for root one outside. */
  stateDir?: string
  /** `bin` folder of another installation, to run on its version instead of the one that came with npm. */
  installation?: string | undefined
  /** Server settings beyond the defaults, for example `{ fsync: 'off' }` for tests that are about something else. */
  settings?: Readonly<Record<string, string>>
}

/** A Postgres of our own, gone without a trace when stopped. */
export interface EmbeddedPostgres {
  /** The database meant for use. */
  readonly url: string
  /** The same server and owner, another database. */
  adminUrl(database: string): string
  /** Takes the server down and keeps its data: `immediate` is a crash, as far as the data is concerned. */
  halt(mode: 'fast' | 'immediate'): Promise<void>
  /** Brings a halted server back, on the same port. */
  resume(): Promise<void>
  /** Stops the server and removes its data. Safe at any time and more than once. */
  stop(): Promise<void>
}

/**
 * Starts a real Postgres on a free port with an empty database, for whoever has none at hand. Listens on
 * loopback only, with a random password. Durable like any other unless `settings` say otherwise.
 * Nothing is left running when this process ends, even by `kill -9`.
 *
 * @throws TdsError `postgres_*` when it cannot be had; its next step says what to do.
 */
export async function startEmbeddedPostgres(o: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const account = serverAccount()
  const state = await stateFolder(account, o.stateDir)
  await removeStaleRuns(state)
  const binaries = await postgresBinaries({ account, stateFolder: state, installation: o.installation })
  const folder = await madeRunFolder(state, account)
  try {
    const password = randomBytes(16).toString('hex')
    await createCluster({ binaries, folder, account, password })
    return await runningCluster({ binaries, folder, account, password, settings: o.settings ?? {} })
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

interface Cluster {
  binaries: PostgresBinaries
  folder: string
  account: ServerAccount | null
  password: string
}

async function createCluster(cluster: Cluster): Promise<void> {
  const { folder, account } = cluster
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, cluster.password, { mode: 0o600 })
  if (account) await chown(passwordFile, account.uid, account.gid)
  const owned = { ...account, cwd: folder, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } }
  try {
    await run(
      cluster.binaries.initdb,
      [
        `--pgdata=${join(folder, 'data')}`,
        `--username=${USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--data-checksums',
        '--no-sync',
      ],
      owned,
    )
    // Before the server runs, so that no client library is needed for one statement.
    const single = spawn(cluster.binaries.postgres, ['--single', '-D', join(folder, 'data'), 'template1'], {
      ...owned,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    single.stdin.end(`CREATE DATABASE ${DATABASE};\n`)
    await once(single, 'exit')
  } catch (cause) {
    throw new TdsError('the embedded Postgres could not create its data folder', {
      code: 'postgres_init',
      disposition: 'reject',
      nextStep: 'Read the output given here; or set DATABASE_URL to a Postgres of your own.',
      facts: { output: String((cause as { stderr?: unknown }).stderr ?? cause).slice(-2_000) },
      cause,
    })
  } finally {
    await rm(passwordFile, { force: true })
  }
}

async function runningCluster(
  cluster: Cluster & { settings: Readonly<Record<string, string>> },
): Promise<EmbeddedPostgres> {
  const first = await startOnFreePort(cluster)
  const adminUrl = (database: string) =>
    `postgresql://${USER}:${cluster.password}@127.0.0.1:${first.port}/${encodeURIComponent(database)}`
  let server: SupervisedServer | null = first.server
  const halt = async (mode: 'fast' | 'immediate') => {
    await server?.end(mode)
    server = null
  }
  return {
    url: adminUrl(DATABASE),
    adminUrl,
    halt,
    resume: async () => {
      server ??= await startServer(cluster, first.port)
    },
    stop: async () => {
      await halt('fast')
      await rm(cluster.folder, { recursive: true, force: true })
    },
  }
}

type Settings = Readonly<Record<string, string>>

/** Between finding a free port and using it somebody else may take it: then the server says so and another is tried. */
async function startOnFreePort(
  cluster: Cluster & { settings: Settings },
): Promise<{ port: number; server: SupervisedServer }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return { port, server: await startServer(cluster, port) }
    } catch (error) {
      const portTaken =
        error instanceof TdsError && String(error.facts['log']).includes('Address already in use')
      if (!portTaken || attempt === PORT_TRIES) throw error
    }
  }
}

async function startServer(
  cluster: Cluster & { settings: Settings },
  port: number,
): Promise<SupervisedServer> {
  const settings: Settings = {
    listen_addresses: '127.0.0.1',
    // Loopback only: a socket's path may not be longer than a hundred characters, and a clone's may.
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...cluster.settings,
  }
  return startSupervisedServer({
    command: [
      cluster.binaries.postgres,
      '-D',
      join(cluster.folder, 'data'),
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    folder: cluster.folder,
    account: cluster.account,
  })
}

/** Below the range from which systems take ports for outgoing connections, so that a restart finds it free again. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(15_000, 30_000)
    const probe = createServer()
    const isFree = await new Promise<boolean>((answer) => {
      probe.once('error', () => {
        answer(false)
      })
      probe.listen(port, '127.0.0.1', () => {
        answer(true)
      })
    })
    if (isFree) {
      await new Promise((closed) => probe.close(closed))
      return port
    }
  }
}
