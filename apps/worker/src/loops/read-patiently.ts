import { performBulkRead, performRead, planPatientReads, type PatientTask, type ReadReport } from '@tds/core'
import { childLogger, poller, type Service } from '@tds/runtime'
import { noteRead } from './note-read.ts'
import type { ReadLoopParts } from './read-records.ts'

const log = childLogger('worker:read')

/** How often is looked for reads that nothing waits for; they are due seconds after they were asked for anyway. */
const everyMs = 1_000

/**
 * Performs the reads that no event waits for: missing parents, and what a change may have moved. They have no jobs; the
 * loop takes what is due, a hundred with one call where Zoho has such a call. A type that may not be read yet is left
 * alone until then, without touching what may be thousands of rows.
 */
export function readPatiently(parts: ReadLoopParts): Service {
  const pausedUntil = new Map<string, number>()
  return poller({
    name: 'patient-reads',
    everyMs,
    runOnce: async (signal) => {
      const exceptTypes = stillPaused(pausedUntil)
      const tasks = await planPatientReads(parts, { exceptTypes })
      const runs = await Promise.allSettled(
        tasks.map((task) => parts.slots.patient(() => runTask(parts, { task, pausedUntil, signal }))),
      )
      const done = runs.flatMap((run) => (run.status === 'fulfilled' ? run.value : []))
      done.forEach(noteRead)
      const failed = runs.find((run) => run.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      return { calls: tasks.length, reads: done.length, pausedTypes: pausedUntil.size }
    },
  })
}

interface TaskRun {
  readonly task: PatientTask
  readonly pausedUntil: Map<string, number>
  readonly signal: AbortSignal
}

async function runTask(parts: ReadLoopParts, { task, pausedUntil, signal }: TaskRun): Promise<ReadReport[]> {
  const type = task.kind === 'bulk' ? task.entity.type : task.key.entityType
  if (signal.aborted || pausedUntil.has(type)) return []
  const reports = await parts.lanes.run((lane) => {
    const reading = { ...parts, mover: { daemonId: parts.daemonId, lane } }
    return task.kind === 'bulk'
      ? performBulkRead(reading, task, signal)
      : performRead(reading, task.key, signal).then((report) => [report])
  })
  const waitMs = reports.find((report) => report.waitMs !== undefined)?.waitMs
  if (waitMs !== undefined && !pausedUntil.has(type)) {
    pausedUntil.set(type, performance.now() + waitMs)
    log.info('Reads that nothing waits for must wait', { type, seconds: Math.round(waitMs / 1000) })
  }
  return reports
}

function stillPaused(pausedUntil: Map<string, number>): string[] {
  for (const [type, until] of pausedUntil) if (until <= performance.now()) pausedUntil.delete(type)
  return [...pausedUntil.keys()]
}
