import {
  lastRunOfMode,
  openRuns,
  readCursor,
  readSchedule,
  type CursorKey,
  type Database,
  type OpenRun,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { entityOf } from '../entities/index.ts'
import { tellsChanges, watermarkOf } from '../scan/list-cursor.ts'
import { databaseNow } from '../sync/database-now.ts'
import { readInstant, type Instant } from '../sync/instant.ts'
import { dueAt, type ScheduleHistory } from './due-at.ts'

/** When lists are read and compared by themselves. */
export interface RunSchedules {
  /** Whether lists are read by themselves at all. */
  readonly reads: boolean
  readonly compares: boolean
  readonly incrementalCron: string
  /** For the types whose list leaves nothing out: each read of it is a whole one. */
  readonly wholeListCron: string
  readonly reconciliationCron: string
  readonly timeZone: string
}

/** What is to be done next for a type: a run that waits or was left, or one that a schedule brings. */
export type NextRun =
  | { readonly kind: 'open'; readonly run: OpenRun }
  | { readonly kind: 'scheduled'; readonly mode: ScheduledMode }

/** What schedules bring: reads of lists, and comparisons, by the index and then of a slice of the details. */
export type ScheduledMode = 'backfill' | 'incremental' | 'index' | 'full'

/** Of which type the next run is looked for. */
export interface RunsOfType {
  readonly organizationId: string
  readonly entity: EntityDefinition
}

/**
 * Finds what is to be done next for a type; null where nothing is. What was begun comes first, then what a person asked for,
 * then the schedules: a first load where nothing was ever read, then what has changed, then the comparison.
 */
export async function nextRun(
  db: Database,
  type: RunsOfType,
  schedules: RunSchedules,
): Promise<NextRun | null> {
  const { organizationId, entity } = type
  const open = await openRuns(db, { organizationId, entityType: entity.type })
  const begun = open.find((candidate) => candidate.worker_id !== null)
  // Records that a person names owe reads and no walk: they do not wait for a first load that waits for calls.
  const run = open.find(({ mode }) => mode === 'ids') ?? begun ?? open[0]
  if (run !== undefined) return { kind: 'open', run }
  const cursor = await readCursor(db, cursorKey(type, 'scheduled'))
  const { timeZone } = schedules
  if (watermarkOf(cursor) === null) {
    const due = schedules.reads && (await mayBeLoaded(db, type))
    return due ? { kind: 'scheduled', mode: 'backfill' } : null
  }
  const cron = tellsChanges(cursor) ? schedules.incrementalCron : schedules.wholeListCron
  if (schedules.reads && (await isDue(db, type, { source: 'scheduled', cron, timeZone })))
    return { kind: 'scheduled', mode: 'incremental' }
  if (!schedules.compares) return null
  const comparison = {
    source: 'reconciliation',
    cron: schedules.reconciliationCron,
    timeZone,
    // What was just read whole is not compared at once.
    countsFrom: watermarkOf(cursor),
  } as const
  if (await isDue(db, type, comparison)) return { kind: 'scheduled', mode: 'index' }
  return (await owesFullDepth(db, type)) ? { kind: 'scheduled', mode: 'full' } : null
}

async function isLoaded(db: Database, type: RunsOfType): Promise<boolean> {
  return watermarkOf(await readCursor(db, cursorKey(type, 'scheduled'))) !== null
}

function cursorKey({ organizationId, entity }: RunsOfType, sourceType: CursorKey['sourceType']): CursorKey {
  return { organizationId, sourceType, entityType: entity.type }
}

/**
 * A first load that a person has cancelled does not begin again by itself, and one waits for those of the types that its
 * records name: each record that is not here yet would cost a call of its own.
 */
async function mayBeLoaded(db: Database, type: RunsOfType): Promise<boolean> {
  if (await wasCancelled(db, type)) return false
  if (!(await isDue(db, type, { source: 'scheduled', cron: null, timeZone: 'UTC' }))) return false
  for (const named of new Set(type.entity.references.map((reference) => reference.to))) {
    const entity = entityOf(named)
    if (entity === undefined || entity === type.entity) continue
    const parent = { organizationId: type.organizationId, entity }
    if (!(await isLoaded(db, parent)) && !(await wasCancelled(db, parent))) return false
  }
  return true
}

async function wasCancelled(db: Database, { organizationId, entity }: RunsOfType): Promise<boolean> {
  const last = await lastRunOfMode(db, {
    organizationId,
    entityType: entity.type,
    runType: 'scheduled',
    mode: 'backfill',
  })
  return last?.status === 'cancelled'
}

/** Each comparison of the lists is followed by a slice of the details. */
async function owesFullDepth(db: Database, type: RunsOfType): Promise<boolean> {
  const compared = instantOrNull((await readSchedule(db, cursorKey(type, 'reconciliation')))?.succeeded_at)
  if (compared === null) return false
  const { organizationId, entity } = type
  const key = { organizationId, entityType: entity.type, runType: 'reconciliation', mode: 'full' } as const
  const last = await lastRunOfMode(db, key)
  return last === null || readInstant(last.started_at) < compared
}

async function isDue(
  db: Database,
  type: RunsOfType,
  { cron, timeZone, source, countsFrom = null }: DueQuestion,
): Promise<boolean> {
  const stored = await readSchedule(db, cursorKey(type, source))
  const history: ScheduleHistory = {
    succeededAt: cron === null ? null : (instantOrNull(stored?.succeeded_at) ?? countsFrom),
    failures: stored?.failures ?? 0,
    endedAt: instantOrNull(stored?.ended_at),
  }
  return dueAt(cron ?? 'never', timeZone, history) <= (await db.transaction(databaseNow))
}

interface DueQuestion {
  readonly source: 'scheduled' | 'reconciliation'
  /** Null for what has no times of its own: due at once, or after the wait that a failure brings. */
  readonly cron: string | null
  readonly timeZone: string
  /** From when on its times count where none of its runs has ended well; null makes it due at once. */
  readonly countsFrom?: Instant | null
}

function instantOrNull(text: string | null | undefined): number | null {
  return text === null || text === undefined ? null : readInstant(text)
}
