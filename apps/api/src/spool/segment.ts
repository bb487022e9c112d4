import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readFile, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { histogram } from '@tds/runtime'
import { frameRecord, readFrames, type SegmentContent } from './record-frame.ts'

/** A file of records, written once from its beginning to its end. */
export interface SegmentName {
  /** Of the folder's segments, which one; they are drained in this order. */
  readonly number: number
  /** Random, and part of what each record's digest covers. */
  readonly key: string
  readonly file: string
}

/** What is known of a segment without reading it again. */
export interface SegmentFacts extends SegmentName {
  readonly path: string
  readonly bytes: number
  readonly records: number
  /** When its first record was spooled; null where it has none that can be read. */
  readonly oldestAt: Date | null
}

const fsyncSeconds = histogram({
  name: 'tds_spool_fsync_seconds',
  help: 'Duration of one fsync of the spool, which may stand for many deliveries.',
  buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5],
})

function nameSegment(number: number): SegmentName {
  const key = randomBytes(16).toString('hex')
  return { number, key, file: `${String(number).padStart(10, '0')}-${key}.spool` }
}

/** What a file's name says of it; null where it is no segment. */
export function parseSegmentName(file: string): SegmentName | null {
  const [, number, key] = /^(\d{10})-([0-9a-f]{32})\.spool$/.exec(file) ?? []
  return number === undefined || key === undefined ? null : { number: Number(number), key, file }
}

/** Reads the whole of a segment. */
export async function readSegment({
  path,
  key,
}: Pick<SegmentFacts, 'path' | 'key'>): Promise<SegmentContent> {
  return readFrames(await readFile(path), key)
}

/** A segment that is being written. */
export interface OpenSegment {
  facts(): SegmentFacts
  /**
   * Appends records and resolves once they are on disk, all of them by one fsync. When it throws none of them is
   * promised, and the segment must be closed: after a failed fsync nothing about the file is certain any more.
   */
  append(records: readonly Buffer[], spooledAt: Date): Promise<void>
  close(): Promise<void>
}

/** Makes a segment; its entry in the folder is on disk when this resolves. */
export async function createSegment(folder: string, number: number): Promise<OpenSegment> {
  const name = nameSegment(number)
  const path = join(folder, name.file)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
  const handle = await open(path, flags, 0o600)
  try {
    await syncFolder(folder)
  } catch (error) {
    await handle.close()
    throw error
  }
  let facts: SegmentFacts = { ...name, path, bytes: 0, records: 0, oldestAt: null }

  return {
    facts: () => facts,
    append: async (records, spooledAt) => {
      let { bytes } = facts
      const frames = records.map((record) => {
        const frame = frameRecord(record, { key: name.key, offset: bytes })
        bytes += frame.length
        return frame
      })
      try {
        await writeAll(handle, Buffer.concat(frames), facts.bytes)
        await syncFile(handle)
      } catch (error) {
        // Nobody was promised what was half written; without it there is nothing to be taken for damage later.
        await handle.truncate(facts.bytes).catch(() => undefined)
        throw error
      }
      const oldestAt = facts.oldestAt ?? spooledAt
      facts = { ...facts, bytes, records: facts.records + records.length, oldestAt }
    },
    close: () => handle.close(),
  }
}

/** Writes a folder's entries to disk: a new file is only safe once its name is. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const rest = bytes.subarray(written)
    const { bytesWritten } = await handle.write(rest, 0, rest.length, position + written)
    written += bytesWritten
  }
}

async function syncFile(handle: FileHandle): Promise<void> {
  const startedAt = performance.now()
  await handle.sync()
  fsyncSeconds.observe((performance.now() - startedAt) / 1000)
  // A file that somebody deleted takes records as before, and they are gone with the last handle.
  if ((await handle.stat()).nlink === 0) throw new Error('the segment was deleted while it was written')
}
