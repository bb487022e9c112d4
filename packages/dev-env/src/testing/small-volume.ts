import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { codeOf } from '@tds/runtime'

/** Mounting takes a right that not every account has: what needs a volume is skipped where this is false. */
export const canMountVolumes =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0

/** A volume small enough to be filled up, to see what becomes of those whose data lies on it. */
export interface SmallVolume {
  readonly path: string
  /** Takes all the room that is left. */
  fill(): Promise<void>
  /** Gives back what `fill` took. */
  free(): Promise<void>
  remove(): Promise<void>
}

const CHUNKS = [1024 ** 2, 4096]

/**
 * Who holds it mounted waits on a pipe that closes by itself when we die, however we die: no mount is left behind. Lazily,
 * because others may still be on their way out.
 */
const HOLDER = `
mount -t tmpfs -o "size=$2,mode=0711" tmpfs "$1" || exit 1
trap '' INT TERM HUP
echo mounted
cat >/dev/null
umount -l "$1"
rmdir "$1"
`

/** Mounts a volume in memory; `size` as mount wants it, such as `256m`. Throws Error where that is not permitted. */
export async function mountSmallVolume(size: string): Promise<SmallVolume> {
  const path = await mkdtemp(join(tmpdir(), 'tds-volume-'))
  // Whose data lies on it may be another account.
  await chmod(path, 0o711)
  const holder = spawn('/bin/sh', ['-c', HOLDER, 'sh', path, size], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const ended = once(holder, 'exit')
  const isMounted = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    ended.then(() => false),
  ])
  if (!isMounted) {
    await rm(path, { recursive: true })
    throw new Error('no volume could be mounted')
  }
  const ballast = join(path, 'ballast')
  return {
    path,
    fill: async () => {
      for (const chunk of CHUNKS) await appendUntilFull(ballast, chunk)
    },
    free: async () => rm(ballast, { force: true }),
    remove: async () => {
      holder.stdin.end()
      await ended
    },
  }
}

async function appendUntilFull(path: string, chunk: number): Promise<void> {
  const file = await open(path, 'a')
  try {
    for (;;) await file.appendFile(Buffer.alloc(chunk))
  } catch (error) {
    if (codeOf(error) !== 'ENOSPC') throw error
  } finally {
    await file.close()
  }
}
