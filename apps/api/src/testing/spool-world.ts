import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readSegment } from '../spool/segment.ts'
import { createSpool, type Spool, type SpoolOptions } from '../spool/spool.ts'
import { readSpooled } from '../spool/spooled-delivery.ts'
import { roomy } from './roomy.ts'

/** A folder for spools, and the spools that a test opens in it. */
export interface SpoolWorld {
  readonly dir: string
  /** Opens one more spool, as one more api would. */
  open(o?: Partial<SpoolOptions>): Promise<Spool>
  /** Files below the folder, locks left out. */
  files(): Promise<string[]>
  close(): Promise<void>
}

/** Makes a world; close it after the test. */
export async function makeSpoolWorld(): Promise<SpoolWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'tds-spool-'))
  const opened: Spool[] = []
  return {
    dir,
    open: async (o = {}) => {
      const spool = createSpool({ dir, limit: 1024 ** 2, watchMs: 20, ...roomy, ...o })
      opened.push(spool)
      await spool.start()
      return spool
    },
    files: async () => {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true })
      return entries
        .filter((entry) => entry.isFile() && !['lock', 'probe'].includes(entry.name))
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    },
    close: async () => {
      for (const spool of opened) await spool.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Ids of what a spool would drain, in order. */
export async function drainableIds(spool: Spool): Promise<string[]> {
  const ids: string[] = []
  for (const segment of await spool.drainable()) {
    const { records } = await readSegment(segment)
    ids.push(...records.map(({ record }) => readSpooled(record).event.id))
  }
  return ids
}

/** Waits until something is so; the test's own time limit ends it. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(10)
}
