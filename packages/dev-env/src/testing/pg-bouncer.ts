import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openDatabase } from '@tds/db'

import { serverAccount } from '../postgres/server-account.ts'
import { claimPorts } from '../processes/ports.ts'
import { startProcess } from '../processes/supervised-process.ts'
import { waitUntil } from './wait-until.ts'

/** A real PgBouncer before one database. */
export interface PgBouncer {
  /** The database through it. */
  readonly url: string
  stop(): Promise<void>
}

const program = ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer'].find(
  (path) => spawnSync(path, ['--version']).status === 0,
)

/** Whether this machine has it: Debian's package `pgbouncer`. */
export const hasPgBouncer = program !== undefined

/** Starts one that lends each connection for one transaction, so few that clients have to share them. */
export async function startPgBouncer(databaseUrl: string): Promise<PgBouncer> {
  if (program === undefined) throw new Error('pgbouncer is not installed')
  const target = new URL(databaseUrl)
  const ports = await claimPorts(1)
  const port = ports.take()
  const folder = await mkdtemp(join(tmpdir(), 'tds-pgbouncer-'))
  const account = serverAccount()
  const files = {
    'pgbouncer.ini': configurationOf(target, { port, folder }),
    'users.txt': `"${target.username}" "${decodeURIComponent(target.password)}"\n`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 })
  if (account) {
    for (const path of ['', ...Object.keys(files)]) await chown(join(folder, path), account.uid, account.gid)
  }
  const stepDown = account
    ? [`--reuid=${String(account.uid)}`, `--regid=${String(account.gid)}`, '--clear-groups']
    : null
  const command = [program, '-q', join(folder, 'pgbouncer.ini')] as const
  const bouncer = await startProcess({
    name: `pgbouncer-${randomBytes(2).toString('hex')}`,
    command: stepDown ? ['/usr/bin/setpriv', ...stepDown, ...command] : [...command],
    env: { PATH: '/usr/bin:/bin' },
    cwd: folder,
    log: join(folder, 'log'),
  })
  const through = new URL(databaseUrl)
  through.hostname = '127.0.0.1'
  through.port = String(port)
  const url = through.toString()
  await waitUntil(() => answers(url), { what: 'pgbouncer answers' })
  return {
    url,
    stop: async () => {
      await bouncer.stop()
      await ports.release()
      await rm(folder, { recursive: true })
    },
  }
}

function configurationOf(target: URL, { port, folder }: { port: number; folder: string }): string {
  return `[databases]
* = host=${target.hostname} port=${target.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${String(port)}
unix_socket_dir =
auth_type = plain
auth_file = ${folder}/users.txt
pool_mode = transaction
default_pool_size = 4
max_client_conn = 200
`
}

async function answers(url: string): Promise<boolean> {
  const db = openDatabase({
    url,
    directUrl: 'postgresql://elsewhere/',
    applicationName: 'tds-test',
    poolSize: 1,
  })
  try {
    await db.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await db.close()
  }
}
