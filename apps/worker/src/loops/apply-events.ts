import { processEvents, retryPriority, type ProcessingParts } from '@tds/core'
import type { Queue, WorkOptions } from '@tds/queue'
import { childLogger, counter, serviceGroup, type Service } from '@tds/runtime'
import type { Lanes } from '../lanes.ts'
import type { SoloGate } from '../solo-gate.ts'

const log = childLogger('worker:apply')
const processed = counter({
  name: 'tds_events_processed_total',
  help: 'Events processed, by the state they reached',
  labelNames: ['status'],
})

/** Jobs taken at once. A job carries up to a hundred events, one of a quiet hour a single one. */
const jobsPerFetch = 50

/** What the loop needs besides what processing needs. */
export interface ApplyLoopParts extends Omit<ProcessingParts, 'queue' | 'mover'> {
  readonly queue: Queue
  readonly daemonId: string
  readonly lanes: Lanes
  /** Shared with whatever else processes events in this process. */
  readonly gate: SoloGate
  /** Events in one transaction; asked each time, because the setting changes at run time. */
  readonly batchSize: () => number
}

/**
 * Applies inbox events as their jobs come, in batches; two batches at a time, so that one computes while the other waits for
 * Postgres. Events that are tried again have a third place of their own: neither kind waits for the other.
 */
export function applyEvents(parts: ApplyLoopParts): Service {
  return serviceGroup('apply-events', [
    fetchLoop(parts, { concurrency: 2, minPriority: retryPriority + 1 }),
    fetchLoop(parts, { concurrency: 1, maxPriority: retryPriority }),
  ])
}

function fetchLoop(
  parts: ApplyLoopParts,
  share: Pick<WorkOptions<'apply-events'>, 'concurrency' | 'minPriority' | 'maxPriority'>,
): Service {
  const { queue, daemonId, lanes, gate } = parts
  return queue.work('apply-events', {
    batchSize: jobsPerFetch,
    ...share,
    handler: async (jobs, signal) => {
      const ids = [...new Set(jobs.flatMap((job) => job.data.eventIds))]
      await lanes.run(async (lane) => {
        const processing = { ...parts, mover: { daemonId, lane } }
        while (ids.length > 0) {
          // Jobs that expired meanwhile belong to somebody else; ours must not be deleted as done.
          signal.throwIfAborted()
          const batch = ids.splice(0, parts.batchSize())
          const { counts, isolated } = await gate.together(() => processEvents(processing, batch))
          note(counts)
          for (const id of isolated) {
            note((await gate.alone(() => processEvents(processing, [id], { alone: true }))).counts)
          }
        }
      })
    },
  })
}

function note(counts: Readonly<Record<string, number>>): void {
  for (const [status, events] of Object.entries(counts)) processed.inc({ status }, events)
  if (Object.keys(counts).length > 0) log.debug('Events processed', counts)
}
