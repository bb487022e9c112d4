import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, readdir, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { codeOf } from '@tds/runtime'

import type { ServerAccount } from './server-account.ts'

const STALE_SERVER_GRACE_MS = 10_000
const UNKNOWN_START = '0'

/**
 * Makes the folder of one run. Its name says whose it is (host, process, start of that process), so that
 * two runs never share one and whoever starts next can tell which are left over.
 */
export async function madeRunFolder(stateFolder: string, account: ServerAccount | null): Promise<string> {
  const owner = [hostName(), process.pid, await startOfProcess(process.pid)].join('_')
  const folder = join(stateFolder, `run_${owner}_${randomBytes(4).toString('hex')}`)
  await mkdir(folder, { mode: 0o700 })
  if (account) await chown(folder, account.uid, account.gid)
  return folder
}

/** Stops what runs in the folders of processes that are gone, and removes those folders. */
export async function removeStaleRuns(stateFolder: string): Promise<void> {
  for (const name of await readdir(stateFolder)) {
    const owner = ownerOf(name)
    if (!owner || owner.host !== hostName() || (await isRunning(owner))) continue
    const folder = join(stateFolder, name)
    await stopServerIn(folder)
    await rm(folder, { recursive: true, force: true })
  }
}

/** The process id that Postgres noted in its data folder, and whether it accepts connections; null while neither is known. */
export async function serverIn(folder: string): Promise<{ pid: number; ready: boolean } | null> {
  const lines = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  // Line 8 is the status that pg_ctl waits for.
  return pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : null
}

/** When a process started, in the kernel's own count; tells a process from a later one with the same id. */
async function startOfProcess(pid: number): Promise<string> {
  return (await statOf(pid)).start
}

/** State and start of a process from Linux's /proc; empty elsewhere. */
async function statOf(pid: number): Promise<{ state: string; start: string }> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // Fields 3 and 22; the second field is the name in parentheses, which may hold spaces.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', start: fields[19] ?? UNKNOWN_START }
}

function ownerOf(name: string): { host: string; pid: number; start: string } | null {
  const [kind, host, pid, start, random, ...rest] = name.split('_')
  if (kind !== 'run' || !host || !pid || !start || !random || rest.length > 0) return null
  return { host, pid: Number(pid), start }
}

async function isRunning(owner: { pid: number; start: string }): Promise<boolean> {
  if (!(await isAlive(owner.pid))) return false
  const start = await startOfProcess(owner.pid)
  // Where that cannot be told, a process that lives is taken for the owner: better a leftover than a loss.
  return start === UNKNOWN_START || start === owner.start
}

async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false
  }
  // In a container nobody may collect what has ended.
  return (await statOf(pid)).state !== 'Z'
}

/** A server that outlived both its starter and its supervisor; killed only where it is surely ours. */
async function stopServerIn(folder: string): Promise<void> {
  const server = await serverIn(folder)
  if (!server || !(await isServerOf(server.pid, folder))) return
  process.kill(server.pid, 'SIGINT')
  const patience = Date.now() + STALE_SERVER_GRACE_MS
  while ((await isAlive(server.pid)) && Date.now() < patience) await sleep(20)
  if (await isAlive(server.pid)) process.kill(server.pid, 'SIGKILL')
}

async function isServerOf(pid: number, folder: string): Promise<boolean> {
  if (!(await isAlive(pid))) return false
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return command.split('\0').includes(join(folder, 'data'))
}

function hostName(): string {
  return hostname().replaceAll('_', '-')
}
