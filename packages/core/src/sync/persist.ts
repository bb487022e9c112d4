import { isDatabaseConflict, isDatabaseUnavailable } from '@tds/db'
import { backoffMs } from '@tds/runtime'

/** How often a conflict is tried again: it is somebody else's success, and endless ones would be a defect of ours. */
const conflictTries = 5

/**
 * Runs a transaction that must not be lost: again at once when another one was in the way, and again for `forMs` while
 * Postgres is away. What was learnt by a call to the source is not thrown away for a moment's outage.
 * Throws what the transaction threw last.
 */
export async function persist<T>(
  work: () => Promise<T>,
  o: { readonly forMs: number; readonly signal: AbortSignal },
): Promise<T> {
  const startedAt = performance.now()
  for (let conflicts = 0, outages = 0; ;) {
    try {
      return await work()
    } catch (error) {
      if (isDatabaseConflict(error) && conflicts < conflictTries) {
        conflicts += 1
        continue
      }
      const leftMs = o.forMs - (performance.now() - startedAt)
      if (!isDatabaseUnavailable(error) || leftMs <= 0 || o.signal.aborted) throw error
      outages += 1
      const waitMs = 50 + backoffMs({ attempt: outages, baseMs: 100, maxMs: 1000 })
      await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, leftMs)))
    }
  }
}
