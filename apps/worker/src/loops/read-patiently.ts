import { performBulkRead, performRead, planPatientReads, type PatientTask, type ReadReport } from '@tds/core'
import type { PatientKind } from '@tds/db'
import { childLogger, poller, type Service } from '@tds/runtime'
import { noteRead } from './note-read.ts'
import type { ReadLoopParts } from './read-records.ts'

const log = childLogger('worker:read')

/** How often is looked for reads that nothing waits for; they are due seconds after they were asked for anyway. */
const idleMs = 1_000
/** The pause where there was something to read: there is mostly more. */
const busyMs = 50
/** A kind that may not be read yet is tried again after so long: somebody may have bought calls. The question costs none. */
const longestPauseMs = 900_000

/**
 * Performs the reads that no event waits for: missing parents, and what a change may have moved. They have no jobs; the
 * loop takes what is due, a hundred with one call where Zoho has such a call. What may not be read yet of a type, for one
 * reason, is left alone until then, without touching what may be thousands of rows.
 */
export function readPatiently(parts: ReadLoopParts): Service {
  const pausedUntil: Pauses = new Map()
  let pauseMs = idleMs
  return poller({
    name: 'patient-reads',
    everyMs: () => pauseMs,
    runOnce: async (signal) => {
      const tasks = await planPatientReads(parts, { except: stillPaused(pausedUntil) })
      const runs = await Promise.allSettled(
        tasks.map((task) => parts.slots.patient(() => runTask(parts, { task, pausedUntil, signal }))),
      )
      const done = runs.flatMap((run) => (run.status === 'fulfilled' ? run.value : []))
      done.forEach(noteRead)
      pauseMs = done.some(({ outcome }) => outcome !== 'held' && outcome !== 'not-due') ? busyMs : idleMs
      const failed = runs.find((run) => run.status === 'rejected')
      if (failed !== undefined) throw failed.reason
      return { calls: tasks.length, reads: done.length, pausedKinds: pausedUntil.size }
    },
  })
}

/** Kinds of reads that may not be made before a time, by their text. */
type Pauses = Map<string, PatientKind & { readonly untilMs: number }>

interface TaskRun {
  readonly task: PatientTask
  readonly pausedUntil: Pauses
  readonly signal: AbortSignal
}

async function runTask(parts: ReadLoopParts, { task, pausedUntil, signal }: TaskRun): Promise<ReadReport[]> {
  const kind = kindOf(task)
  const key = `${kind.entityType} ${kind.reason}`
  if (signal.aborted || pausedUntil.has(key)) return []
  const reports = await parts.lanes.run((lane) => {
    const reading = { ...parts, mover: { daemonId: parts.daemonId, lane } }
    return task.kind === 'bulk'
      ? performBulkRead(reading, task, signal)
      : performRead(reading, task.key, signal).then((report) => [report])
  })
  const waitMs = reports.find((report) => report.waitMs !== undefined)?.waitMs
  if (waitMs !== undefined && !pausedUntil.has(key)) {
    const pauseMs = Math.min(waitMs, longestPauseMs)
    pausedUntil.set(key, { ...kind, untilMs: performance.now() + pauseMs })
    log.info('Reads that nothing waits for must wait', { ...kind, seconds: Math.round(pauseMs / 1000) })
  }
  return reports
}

/** All reads of one task are of one kind. */
function kindOf(task: PatientTask): PatientKind {
  if (task.kind === 'single') return task.key
  const [first] = task.due
  if (first === undefined) throw new RangeError('a call for many was planned for none')
  return first
}

function stillPaused(pausedUntil: Pauses): PatientKind[] {
  for (const [key, { untilMs }] of pausedUntil) if (untilMs <= performance.now()) pausedUntil.delete(key)
  return [...pausedUntil.values()]
}
