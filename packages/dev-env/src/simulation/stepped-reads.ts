import {
  performBulkRead,
  performRead,
  planPatientReads,
  type PatientTask,
  type ReadingParts,
  type ReadReport,
} from '@tds/core'
import type { PatientKind } from '@tds/db'
import { dueUrgentReads, nextWorkAt } from './due-work.ts'
import type { SteppedTime } from './stepped-time.ts'

/** The reads that are owed, one after the other. */
export interface SteppedReads {
  /** Makes some of those for which somebody waits; false where there are none. */
  urgently(): Promise<boolean>
  /** Makes some of the others. */
  patiently(): Promise<boolean>
  /** When an event or a read that waits becomes due; null where none does by itself. */
  nextMs(): Promise<number | null>
}

/** Calls of one step, so that what comes meanwhile waits for seconds at most. */
const callsPerStep = 10

/** Does what the worker's loops of reads do. */
export function steppedReads(parts: ReadingParts & { readonly time: SteppedTime }): SteppedReads {
  const { db, time } = parts
  const { signal } = new AbortController()
  /** Kinds of reads that may not be made before a time, by their text. */
  const paused = new Map<string, PatientKind & { readonly untilMs: number }>()

  async function perform(task: PatientTask): Promise<readonly ReadReport[]> {
    return task.kind === 'bulk'
      ? performBulkRead(parts, task, signal)
      : [await performRead(parts, task.key, signal)]
  }

  function stillPaused(): (PatientKind & { readonly untilMs: number })[] {
    for (const [key, { untilMs }] of paused) if (untilMs <= time.nowMs()) paused.delete(key)
    return [...paused.values()]
  }

  return {
    urgently: async () => {
      const reads = await dueUrgentReads(db, callsPerStep)
      for (const key of reads) await performRead(parts, key, signal)
      return reads.length > 0
    },
    patiently: async () => {
      const tasks = await planPatientReads(parts, { except: stillPaused() })
      for (const task of tasks.slice(0, callsPerStep)) {
        const { entityType, reason } = kindOf(task)
        const key = `${entityType} ${reason}`
        if (paused.has(key)) continue
        const waitMs = (await perform(task)).find((report) => report.waitMs !== undefined)?.waitMs
        if (waitMs !== undefined) paused.set(key, { entityType, reason, untilMs: time.nowMs() + waitMs })
      }
      return tasks.length > 0
    },
    nextMs: async () => {
      const pauses = stillPaused()
      const nextMs = Math.min(
        (await nextWorkAt(db, pauses)) ?? Infinity,
        ...pauses.map(({ untilMs }) => untilMs),
      )
      return nextMs === Infinity ? null : nextMs
    },
  }
}

/** All reads of one task are of one kind. */
function kindOf(task: PatientTask): PatientKind {
  if (task.kind === 'single') return task.key
  const [first] = task.due
  if (first === undefined) throw new RangeError('a call for many was planned for none')
  return first
}
