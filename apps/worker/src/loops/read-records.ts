import pLimit from 'p-limit'
import { performRead, type ReadingParts } from '@tds/core'
import type { Queue } from '@tds/queue'
import { childLogger, counter, type Service } from '@tds/runtime'
import type { Lanes } from '../lanes.ts'

const log = childLogger('worker:read')
const recordReads = counter({
  name: 'tds_record_reads_total',
  help: 'Records read from Zoho because an event or an incomplete row asked for it, by outcome',
  labelNames: ['outcome'],
})

/** What the loop needs besides what reading needs. */
export interface ReadLoopParts extends Omit<ReadingParts, 'queue' | 'mover'> {
  readonly queue: Queue
  readonly daemonId: string
  readonly lanes: Lanes
  /** Calls to Zoho in flight at once. */
  readonly maxInFlight: number
}

/** Jobs taken at once: more than can be in flight, so that fetching them does not set the pace. */
const jobsPerFetch = 25

/** Performs owed reads as their jobs come, so many calls at a time as Zoho allows. */
export function readRecords(parts: ReadLoopParts): Service {
  const { queue, daemonId, lanes } = parts
  const inFlight = pLimit(parts.maxInFlight)
  return queue.work('read-record', {
    batchSize: jobsPerFetch,
    concurrency: 2,
    handler: async (jobs, signal) => {
      const reads = jobs.map(({ data: key }) =>
        inFlight(async () => {
          signal.throwIfAborted()
          const outcome = await lanes.run((lane) =>
            performRead({ ...parts, mover: { daemonId, lane } }, key, signal),
          )
          recordReads.inc({ outcome })
          log.debug('Record read', { ...key, outcome })
        }),
      )
      await settleAll(reads)
    },
  })
}

/** One read that fails must not leave the others running behind the handler's back. */
async function settleAll(reads: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(reads)).find((read) => read.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}
