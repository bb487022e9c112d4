import { readdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { tornFolderName } from './spool-folder.ts'

/** Shares of free space on the spool's volume, and what happens below them. */
export const freeSpaceLimits = {
  /** Health warns. */
  warning: 0.2,
  /** Nothing is spooled any more: a volume that is full takes others down too. */
  off: 0.1,
} as const

/** What the spool takes of its volume, and what the volume has left. */
export interface SpoolSpace {
  /** Bytes under SPOOL_DIR beside the folder that the asker writes itself: those of other apis and of damaged parts. */
  readonly othersBytes: number
  readonly tornFiles: number
  /** From 0 to 1. */
  readonly freeShare: number
}

/** Measures the spool, but for the folder of the asker, and its volume. Throws what the file system says. */
export async function measureSpace(spoolDir: string, ownFolder: string | null): Promise<SpoolSpace> {
  const { bavail, blocks } = await statfs(spoolDir)
  const folders = await readdir(spoolDir, { withFileTypes: true })
  let othersBytes = 0
  let tornFiles = 0
  for (const folder of folders.filter((entry) => entry.isDirectory() && entry.name !== ownFolder)) {
    const path = join(spoolDir, folder.name)
    // Another api may be removing what it has drained.
    const files = await readdir(path).catch(() => [])
    if (folder.name === tornFolderName) tornFiles = files.length
    for (const file of files) othersBytes += (await stat(join(path, file)).catch(() => null))?.size ?? 0
  }
  return { othersBytes, tornFiles, freeShare: blocks === 0 ? 0 : bavail / blocks }
}
