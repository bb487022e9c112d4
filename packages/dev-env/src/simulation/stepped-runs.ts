import {
  compareType,
  entities,
  nextRun,
  performRun,
  type EntityDefinition,
  type NextRun,
  type RunParts,
  type RunReport,
  type RunSchedules,
} from '@tds/core'
import type { SteppedTime } from './stepped-time.ts'

/** The runs of all types, one after the other. */
export interface SteppedRuns {
  /** Carries out one run that is due; false where none is. */
  step(): Promise<boolean>
  /** When it is looked again whether one is due. */
  nextLookMs(): number
}

/** What carrying them out needs. */
export interface SteppedRunParts extends Omit<RunParts, 'compare'> {
  readonly organizationId: string
  readonly time: SteppedTime
  readonly schedules: () => RunSchedules
  readonly callsPerDay: () => number
}

/** How often it is looked whether a run is due: the schedules have quarters of an hour, what is tried again has minutes. */
const busyLookMs = 60_000
const calmLookMs = 900_000
/** As the worker's loop: so long at most until Zoho is asked again whether it may be called. */
const longestWaitMs = 300_000
const usualWaitMs = 5_000

/** Does what the worker's loop of runs does. */
export function steppedRuns(parts: SteppedRunParts): SteppedRuns {
  const { db, organizationId, time } = parts
  const looks = new Map<string, number>()
  /** Types whose last run ended well. */
  const calm = new Set<string>()

  async function carryOut(entity: EntityDefinition, next: NextRun): Promise<void> {
    const compare: RunParts['compare'] = (running, task) =>
      compareType({ ...running, entities, callsPerDay: parts.callsPerDay }, task)
    const report = await performRun({ ...parts, compare }, { organizationId, entity }, next)
    if (report?.status === 'completed') calm.add(entity.type)
    else calm.delete(entity.type)
    looks.set(entity.type, time.nowMs() + (report?.status === 'waiting' ? waitMs(report) : 0))
  }

  return {
    step: async () => {
      for (const entity of entities) {
        if ((looks.get(entity.type) ?? 0) > time.nowMs()) continue
        const next = await nextRun(db, { organizationId, entity }, parts.schedules())
        if (next !== null) {
          await carryOut(entity, next)
          return true
        }
        looks.set(entity.type, nextMultiple(time, calm.has(entity.type) ? calmLookMs : busyLookMs))
      }
      return false
    },
    nextLookMs: () => Math.min(...looks.values()),
  }
}

function nextMultiple(time: SteppedTime, ofMs: number): number {
  return (Math.floor(time.nowMs() / ofMs) + 1) * ofMs
}

function waitMs({ error }: RunReport): number {
  const wanted = error?.facts['retryAfterMs']
  return Math.min(longestWaitMs, typeof wanted === 'number' ? wanted : usualWaitMs)
}
