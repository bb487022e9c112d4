import {
  countLiving,
  listLengths,
  listRuns,
  owedReadsByType,
  readCursor,
  type Database,
  type ListLength,
  type StoredRun,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { watermarkOf } from '../scan/list-cursor.ts'
import { estimateRun, secondsFor, type RunEstimate } from './estimate.ts'
import { detailsPerCall, patientDetails, readAllowance } from './run-outlook.ts'

/** What is known about the first load of a type. */
export interface PlannedLoad {
  readonly entityType: string
  /** Its list was read whole once. */
  readonly loaded: boolean
  /** Living records here. */
  readonly records: number
  /** How long its list is; null where nobody found out. */
  readonly length: Pick<ListLength, 'rows' | 'counted'> | null
  readonly lastRun: StoredRun | null
  /** What the load takes, or, once it is done, the details that are still owed. */
  readonly estimate: RunEstimate
}

/** The loads of several types; they share the calls, so their times add up. */
export interface LoadPlan {
  readonly loads: readonly PlannedLoad[]
  /** Null where it is not known of each of them. */
  readonly calls: number | null
  readonly seconds: number | null
}

/** Tells beforehand what first loads take, as far as it is known. Makes no call and changes nothing. */
export async function planLoads(
  db: Database,
  organizationId: string,
  types: readonly EntityDefinition[],
): Promise<LoadPlan> {
  const allowance = await readAllowance(db, organizationId)
  const lengths = await listLengths(db, organizationId)
  const owed = await owedReadsByType(db, organizationId)
  const loads: PlannedLoad[] = []
  for (const entity of types) {
    const { type: entityType } = entity
    const [lastRun = null] = await listRuns(db, { organizationId, entityType }, { limit: 1, after: null })
    const cursor = await readCursor(db, { organizationId, sourceType: 'scheduled', entityType })
    const loaded = watermarkOf(cursor) !== null
    const length = lengths.find((one) => one.entity_type === entityType) ?? null
    const work = {
      rows: loaded ? 0 : await rowsToMeet(db, { organizationId, entityType, length }),
      owesEach: true,
      details: patientDetails(owed.filter((one) => one.entity_type === entityType)),
      detailsPerCall: detailsPerCall(entityType),
    }
    const records = await countLiving(db, entity, { organizationId, upTo: null })
    loads.push({ entityType, loaded, records, length, lastRun, estimate: estimateRun(work, allowance) })
  }
  const calls = sumOf(loads.map(({ estimate }) => estimate.calls))
  const seconds = calls === null || allowance === null ? null : secondsFor(calls, allowance)
  return { loads, calls, seconds }
}

/** A first load that is under way has met some of them already. */
async function rowsToMeet(
  db: Database,
  { organizationId, entityType, length }: TypeToLoad,
): Promise<number | null> {
  if (length === null) return null
  const running = await listRuns(
    db,
    { organizationId, entityType, states: ['running'] },
    { limit: 10, after: null },
  )
  const load = running.find((run) => run.mode === 'backfill')
  return Math.max(0, length.rows - (load?.read ?? 0))
}

interface TypeToLoad {
  readonly organizationId: string
  readonly entityType: string
  readonly length: ListLength | null
}

function sumOf(parts: readonly (number | null)[]): number | null {
  return parts.reduce<number | null>((sum, part) => (sum === null || part === null ? null : sum + part), 0)
}
