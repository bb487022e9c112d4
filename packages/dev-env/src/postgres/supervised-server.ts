import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { TdsError } from '@tds/runtime'

import { serverIn } from './run-folder.ts'
import type { ServerAccount } from './server-account.ts'

const START_LIMIT_MS = 180_000

/**
 * What stands between us and Postgres, so that no server outlives us: it waits for one order on a pipe, and the
 * pipe closes by itself when we die, however we die. It runs in a session of its own, because Ctrl-C in
 * a terminal reaches a whole process group and would stop the database before those who use it.
 * It removes the run's folder itself when nobody is left to do so.
 */
const SUPERVISOR = `
folder=$1; shift
"$@" </dev/null &
server=$!
trap 'kill -INT $server' TERM
trap '' INT HUP
exec 3<&0
(
  read -r order <&3
  case $order in
    immediate) kill -QUIT $server ;;
    fast) kill -INT $server ;;
    *) touch "$folder/abandoned"; kill -INT $server ;;
  esac
) &
reader=$!
while kill -0 $server 2>/dev/null; do wait $server; code=$?; done
kill $reader 2>/dev/null
[ -e "$folder/abandoned" ] && rm -rf "$folder"
exit "\${code:-1}"
`

/** One running server and the supervisor that watches over it. */
export interface SupervisedServer {
  /** Ends the server: `fast` as an orderly stop, `immediate` as a crash. Finished when the process is gone. */
  end(mode: 'fast' | 'immediate'): Promise<void>
}

/**
 * Starts Postgres on a data folder and waits until it accepts connections.
 *
 * @throws TdsError `postgres_start`, with the end of the server's log.
 */
export async function startSupervisedServer(o: {
  command: readonly string[]
  folder: string
  account: ServerAccount | null
}): Promise<SupervisedServer> {
  const log = await open(join(o.folder, 'server.log'), 'a')
  const supervisor = spawn('/bin/sh', ['-c', SUPERVISOR, 'sh', o.folder, ...o.command], {
    ...o.account,
    cwd: o.folder,
    detached: true,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', log.fd, log.fd],
  })
  await log.close()
  supervisor.unref()
  // The pipe breaks when the server ends by itself; that shows in the exit code.
  supervisor.stdin?.on('error', () => undefined)
  await untilReady(supervisor, o.folder)
  return {
    end: async (mode) => {
      await endOf(supervisor, mode)
    },
  }
}

async function untilReady(supervisor: ChildProcess, folder: string): Promise<void> {
  const limit = Date.now() + START_LIMIT_MS
  while (!(await serverIn(folder))?.ready) {
    if (hasEnded(supervisor) || Date.now() > limit) {
      await endOf(supervisor, 'immediate')
      throw new TdsError('the embedded Postgres did not start', {
        code: 'postgres_start',
        disposition: 'reject',
        nextStep: 'Read the end of its log, given here; or set DATABASE_URL to a Postgres of your own.',
        facts: { log: await endOfLog(folder) },
      })
    }
    await sleep(10)
  }
}

async function endOf(supervisor: ChildProcess, mode: 'fast' | 'immediate'): Promise<void> {
  if (hasEnded(supervisor)) return
  supervisor.ref()
  const ended = once(supervisor, 'exit')
  supervisor.stdin?.write(`${mode}\n`)
  await ended
}

function hasEnded(supervisor: ChildProcess): boolean {
  return supervisor.exitCode !== null || supervisor.signalCode !== null
}

async function endOfLog(folder: string): Promise<string> {
  return (await readFile(join(folder, 'server.log'), 'utf8').catch(() => '')).slice(-2_000)
}
