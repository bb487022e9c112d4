import { randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, rmdir, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { childLogger, codeOf } from '@tds/runtime'
import { lockFolder, lockName, type FolderLock } from './folder-lock.ts'
import { frameBytes } from './record-frame.ts'
import { parseSegmentName, readSegment, syncFolder, type SegmentFacts } from './segment.ts'
import { spooledAtOf } from './spooled-delivery.ts'

const log = childLogger('api:spool')

/** A folder that this process alone may write to and drain. */
export interface SpoolFolder {
  readonly name: string
  readonly path: string
  readonly lock: FolderLock
}

/** A folder left behind by an api that is gone, with what is still in it. */
export interface AdoptedFolder extends SpoolFolder {
  segments: readonly SegmentFacts[]
}

/** Where damaged parts of segments are kept, for a person to look at. */
export const tornFolderName = 'torn'

const folderName = /^api-[0-9a-f-]{36}$/
const mostTries = 5

/** Makes a folder for this process in `spoolDir`, locked. Throws what the file system says. */
export async function makeFolder(spoolDir: string): Promise<SpoolFolder> {
  await mkdir(join(spoolDir, tornFolderName), { recursive: true, mode: 0o700 })
  for (let attempt = 1; attempt <= mostTries; attempt += 1) {
    const name = `api-${randomUUID()}`
    const path = join(spoolDir, name)
    await mkdir(path, { mode: 0o700 })
    const lock = await lockNew(path)
    // Another api that looked for what is left behind was faster, and has removed it as empty.
    if (lock === null) continue
    await proveWritable(path)
    await syncFolder(spoolDir)
    return { name, path, lock }
  }
  throw new Error('other processes remove every new folder of the spool')
}

/** A volume that is full takes names and refuses bytes. */
async function proveWritable(path: string): Promise<void> {
  const probe = join(path, 'probe')
  await writeFile(probe, Buffer.alloc(4096), { mode: 0o600, flush: true })
  await unlink(probe)
}

async function lockNew(path: string): Promise<FolderLock | null> {
  try {
    return await lockFolder(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Names of all folders of apis in `spoolDir`, living or gone; the oldest first. */
export async function listFolders(spoolDir: string): Promise<string[]> {
  const names = (await readdir(spoolDir)).filter((name) => folderName.test(name))
  const dated = await Promise.all(
    names.map(async (name) => ({ name, madeMs: await madeAt(join(spoolDir, name)) })),
  )
  return dated.sort((a, b) => a.madeMs - b.madeMs).map(({ name }) => name)
}

async function madeAt(path: string): Promise<number> {
  const found = await stat(path).catch(() => null)
  return found === null ? 0 : found.birthtimeMs
}

/** Takes over a folder whose api is gone; null where it lives, or another api was faster. */
export async function adoptFolder(spoolDir: string, name: string): Promise<AdoptedFolder | null> {
  const path = join(spoolDir, name)
  const lock = await lockNew(path)
  if (lock === null) return null
  const segments = await segmentsIn(path)
  const records = segments.reduce((sum, segment) => sum + segment.records, 0)
  if (records > 0) log.warn('took over the spool of an api that is gone', { folder: name, records })
  return { name, path, lock, segments }
}

/** Removes a folder if nothing is left to drain in it, and gives its lock back. */
export async function leaveFolder({ path, lock }: SpoolFolder): Promise<void> {
  try {
    const left = (await readdir(path)).filter((file) => file !== lockName)
    if (left.length > 0) return
    await unlink(join(path, lockName))
    // Fails where somebody has come in meanwhile, who then goes on with it.
    await rmdir(path)
  } catch (error) {
    log.debug('a folder of the spool stays', { path, error })
  } finally {
    await lock.release()
  }
}

/** Deletes a segment that is drained. */
export async function removeSegment(segment: SegmentFacts): Promise<void> {
  await rm(segment.path, { force: true })
}

async function segmentsIn(path: string): Promise<SegmentFacts[]> {
  const names = (await readdir(path)).flatMap((file) => parseSegmentName(file) ?? [])
  const segments: SegmentFacts[] = []
  for (const name of names.sort((a, b) => a.number - b.number)) {
    const file = { ...name, path: join(path, name.file) }
    const { records } = await readSegment(file)
    const bytes = records.reduce((sum, { record }) => sum + frameBytes + record.length, 0)
    segments.push({ ...file, bytes, records: records.length, oldestAt: oldestOf(records[0]?.record) })
  }
  return segments
}

function oldestOf(first: Buffer | undefined): Date | null {
  try {
    return first === undefined ? null : spooledAtOf(first)
  } catch {
    // Draining will set it aside.
    return null
  }
}
