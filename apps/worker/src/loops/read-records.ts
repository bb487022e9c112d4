import { eventPriority, performRead, type ReadingParts } from '@tds/core'
import type { Queue } from '@tds/queue'
import { service, serviceGroup, type Service } from '@tds/runtime'
import type { Lanes } from '../lanes.ts'
import type { ReadSlots } from '../read-slots.ts'
import { noteRead } from './note-read.ts'

/** What the loops that read need besides what reading needs. */
export interface ReadLoopParts extends Omit<ReadingParts, 'queue' | 'mover'> {
  readonly queue: Queue
  readonly daemonId: string
  readonly lanes: Lanes
  readonly slots: ReadSlots
}

/** Jobs taken at once. What is in hand no longer makes way for what is more urgent, so it is no more than may be in flight. */
const jobsPerFetch = 5

/**
 * Performs owed reads as their jobs come, so many calls at a time as Zoho allows. One loop is kept for the reads that
 * events wait for, so that a thousand rows to be completed do not hold them up.
 */
export function readRecords(parts: ReadLoopParts): Service {
  const stopping = new AbortController()
  const reading = { ...parts, stopping: stopping.signal }
  const waiting = service({
    name: 'read-records-waiting',
    start: () => undefined,
    stop: () => {
      stopping.abort()
    },
  })
  // Stopped from the end: first nobody waits for a call any more, then the loops finish what is in hand.
  return serviceGroup('read-records', [fetchLoop(reading, eventPriority), fetchLoop(reading), waiting])
}

function fetchLoop(parts: ReadLoopParts, minPriority?: number): Service {
  const { queue, daemonId, lanes, slots } = parts
  return queue.work('read-record', {
    batchSize: jobsPerFetch,
    concurrency: 1,
    minPriority,
    handler: async (jobs, signal) => {
      const reads = jobs.map(({ data: key }) =>
        slots.urgent(async () => {
          signal.throwIfAborted()
          const report = await lanes.run((lane) =>
            performRead({ ...parts, mover: { daemonId, lane } }, key, signal),
          )
          noteRead(report)
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
