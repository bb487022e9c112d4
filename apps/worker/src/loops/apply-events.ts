import { processEvents, type ProcessingParts } from '@tds/core'
import type { Queue } from '@tds/queue'
import { childLogger, counter, type Service } from '@tds/runtime'
import type { Lanes } from '../lanes.ts'
import { soloGate } from '../solo-gate.ts'

const log = childLogger('worker:apply')
const processed = counter({
  name: 'tds_events_processed_total',
  help: 'Events processed, by the state they reached',
  labelNames: ['status'],
})

/** What the loop needs besides what processing needs. */
export interface ApplyLoopParts extends Omit<ProcessingParts, 'queue' | 'mover'> {
  readonly queue: Queue
  readonly daemonId: string
  readonly lanes: Lanes
  readonly batchSize: number
}

/** Applies inbox events as their jobs come, in batches; two batches at a time, so that one computes while the other waits for Postgres. */
export function applyEvents(parts: ApplyLoopParts): Service {
  const gate = soloGate()
  const { queue, daemonId, lanes } = parts
  return queue.work('apply-event', {
    batchSize: parts.batchSize,
    concurrency: 2,
    handler: async (jobs) => {
      const ids = jobs.map((job) => job.data.eventId)
      await lanes.run(async (lane) => {
        const processing = { ...parts, mover: { daemonId, lane } }
        const { counts, isolated } = await gate.together(() => processEvents(processing, ids))
        note(counts)
        for (const id of isolated) {
          note((await gate.alone(() => processEvents(processing, [id], { alone: true }))).counts)
        }
      })
    },
  })
}

function note(counts: Readonly<Record<string, number>>): void {
  for (const [status, events] of Object.entries(counts)) processed.inc({ status }, events)
  if (Object.keys(counts).length > 0) log.debug('Events processed', counts)
}
