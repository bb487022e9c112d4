import { performRead, type ReadingParts } from '@tds/core'
import type { Queue } from '@tds/queue'
import { childLogger, counter, type Service } from '@tds/runtime'
import type { Lanes } from '../lanes.ts'

const log = childLogger('worker:read')
const reads = counter({
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

/** Performs owed reads as their jobs come. */
export function readRecords(parts: ReadLoopParts): Service {
  const { queue, daemonId, lanes } = parts
  return queue.work('read-record', {
    batchSize: 1,
    concurrency: parts.maxInFlight,
    handler: async (jobs, signal) => {
      for (const { data: key } of jobs) {
        const outcome = await lanes.run((lane) =>
          performRead({ ...parts, mover: { daemonId, lane } }, key, signal),
        )
        reads.inc({ outcome })
        log.debug('Record read', { ...key, outcome })
      }
    },
  })
}
