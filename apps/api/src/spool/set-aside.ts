import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { childLogger, counter } from '@tds/runtime'
import type { SegmentFacts } from './segment.ts'
import { syncFolder } from './segment.ts'
import { tornFolderName } from './spool-folder.ts'

const log = childLogger('api:spool')

const tornParts = counter({
  name: 'tds_spool_torn_total',
  help: 'Parts of the spool that were damaged and set aside. At the end of a file nothing of it was ever promised.',
})

/** Bytes of a segment that are no delivery, and what is known of them. */
export interface DamagedPart {
  readonly bytes: Buffer
  /** Of its first byte, in the segment. */
  readonly offset: number
  /** Whether it is the last part: then it is what a crash cut off before it was promised. */
  readonly isTail: boolean
}

/** Keeps a damaged part of a segment in a file of its own, for a person; done twice it is one file. */
export async function setAside(spoolDir: string, segment: SegmentFacts, part: DamagedPart): Promise<void> {
  const folder = join(spoolDir, tornFolderName)
  const file = `${basename(dirname(segment.path))}-${segment.file}-${String(part.offset)}.torn`
  const handle = await open(join(folder, file), 'w', 0o600)
  try {
    await handle.writeFile(part.bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await syncFolder(folder)
  tornParts.inc()
  const facts = { file: join(folder, file), bytes: part.bytes.length }
  if (part.isTail) log.warn('the spool ends in a record cut off before it was promised; set aside', facts)
  else log.error('the spool is damaged; deliveries may be in what was set aside', facts)
}
