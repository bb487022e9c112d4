import { readFileSync } from 'node:fs'

import { waitUntil } from './wait-until.ts'

/** Whether a process of this id runs; one that has ended and only waits for its parent to notice does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !isZombie(pid)
}

/** Resolves when a process has ended; throws Error when it outlives `withinMs`. */
export async function untilGone(pid: number, withinMs: number): Promise<void> {
  await waitUntil(() => !isRunning(pid), { what: `process ${String(pid)} has ended`, withinMs })
}

/** In a container nobody may collect the orphans that have ended. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false
  }
}
