import { addRefusals, type Queryable, type RefusalCount } from '@tds/db'
import { childLogger, poller, type Poller } from '@tds/runtime'
import type { Refusal } from './refusals.ts'

/** Counts, for the rules of the alerter, what was refused and may have been ours. */
export interface RefusalCounts extends Poller {
  note(refusal: Pick<Refusal, 'answer' | 'reason'>): void
}

const log = childLogger('api:refusals')

/**
 * Adds refusals up in memory and writes them down every five seconds, a row for each reason: a flood of them costs no more
 * writes than one. While Postgres is away they are kept, and written down when it is back.
 */
export function refusalCounts(o: {
  readonly db: Queryable
  readonly daemonId: string
  readonly isDatabaseAway: () => boolean
}): RefusalCounts {
  let counts = new Map<string, RefusalCount>()

  const writing = poller({
    name: 'webhook-refusal-counts',
    everyMs: 5000,
    runOnce: async () => ({ refusals: o.isDatabaseAway() ? 0 : await write() }),
  })
  return {
    ...writing,
    stop: async () => {
      await writing.stop()
      // The last few seconds; with Postgres away there is nobody to keep them for.
      await write().catch((error: unknown) => {
        log.warn('the last refusals could not be counted', { error })
      })
    },
    note: ({ answer, reason }) => {
      if (answer === 401 || answer === 413) add({ answer, reason, times: 1 })
    },
  }

  function add({ answer, reason, times }: RefusalCount): void {
    const key = `${String(answer)} ${reason}`
    counts.set(key, { answer, reason, times: times + (counts.get(key)?.times ?? 0) })
  }

  async function write(): Promise<number> {
    if (counts.size === 0) return 0
    const taken = [...counts.values()]
    counts = new Map()
    try {
      await addRefusals(o.db, o.daemonId, taken)
    } catch (error) {
      // Nobody knows whether Postgres did it before the connection broke: rather counted twice than not at all.
      taken.forEach(add)
      throw error
    }
    return taken.reduce((sum, { times }) => sum + times, 0)
  }
}
