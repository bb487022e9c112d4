import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const RUNS = fileURLToPath(new URL('../../../../var/run', import.meta.url))
const KEPT_RUNS = 10

/** The folder of one run, under `var/run`, which git ignores. */
export interface RunDirectory {
  readonly path: string
  /** Where every process writes `<name>.log`. */
  readonly logs: string
  /** Where the api spools; made by it when it starts. */
  readonly spool: string
  remove(): Promise<void>
}

/** Makes a folder for this run alone, and removes the oldest ones of runs that are over. */
export async function makeRunDirectory(kind: string): Promise<RunDirectory> {
  await removeOldRuns()
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '').replace('T', '-')
  const path = join(RUNS, `${time}_${kind}_${String(process.pid)}_${randomBytes(3).toString('hex')}`)
  const logs = join(path, 'logs')
  await mkdir(logs, { recursive: true })
  return {
    path,
    logs,
    spool: join(path, 'spool'),
    remove: async () => {
      await rm(path, { recursive: true, force: true })
    },
  }
}

/** The folder of the newest run of a kind whose process still lives; null when there is none. */
export async function findRun(kind: string): Promise<string | null> {
  const names = (await namesOfRuns()).filter(
    (name) => name.split('_')[1] === kind && isRunning(ownerOf(name)),
  )
  const newest = names.at(-1)
  return newest === undefined ? null : join(RUNS, newest)
}

async function removeOldRuns(): Promise<void> {
  const over = (await namesOfRuns()).filter((name) => !isRunning(ownerOf(name)))
  for (const name of over.slice(0, -KEPT_RUNS)) {
    // What another account has left is for that account to remove.
    await rm(join(RUNS, name), { recursive: true, force: true }).catch(() => undefined)
  }
}

/** Oldest first: names begin with the time of their making. */
async function namesOfRuns(): Promise<string[]> {
  return (await readdir(RUNS).catch(() => [])).sort()
}

function ownerOf(name: string): number {
  return Number(name.split('_')[2])
}

function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
