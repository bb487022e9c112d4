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
    remove: async () => {
      await rm(path, { recursive: true, force: true })
    },
  }
}

async function removeOldRuns(): Promise<void> {
  const names = await readdir(RUNS).catch(() => [])
  // Names begin with the time of their making.
  const over = names.sort().filter((name) => !isRunning(Number(name.split('_')[2])))
  for (const name of over.slice(0, -KEPT_RUNS)) await rm(join(RUNS, name), { recursive: true, force: true })
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
