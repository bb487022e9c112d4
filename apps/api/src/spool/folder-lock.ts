import { constants, type Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The exclusive right to a folder of the spool. It ends with the process, however that ends. */
export interface FolderLock {
  /** Whether the lock still stands for the folder: false once somebody has deleted or replaced it. */
  isValid(): Promise<boolean>
  release(): Promise<void>
}

/** The file in each folder that carries its lock. */
export const lockName = 'lock'

/**
 * Takes a folder's lock, or returns null if somebody else has it. The lock belongs to the open file: the kernel
 * drops it when the process is gone, killed or not, so that there is nothing stale and no process id to mistake.
 *
 * Throws what the file system says where the folder is not there or may not be written to.
 */
export async function lockFolder(folder: string): Promise<FolderLock | null> {
  const path = join(folder, lockName)
  // Not followed: a link would let somebody else choose the file that is locked.
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW
  const handle = await open(path, flags, 0o600)
  try {
    // Loaded when it is needed: on a system without a build of it the api runs without a spool, and says so.
    const { tryLock } = await import('fs-native-extensions')
    const isOurs = tryLock(handle.fd)
    const own = await handle.stat()
    const isValid = async (): Promise<boolean> => isSame(own, await stat(path).catch(() => null))
    // Between opening and locking, whoever had it may have emptied and removed the folder.
    if (isOurs && (await isValid())) return { isValid, release: async () => handle.close() }
    await handle.close()
    return null
  } catch (error) {
    await handle.close()
    throw error
  }
}

function isSame(own: Stats, found: Stats | null): boolean {
  return found !== null && found.ino === own.ino && found.dev === own.dev
}
