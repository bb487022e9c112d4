import { absentRecords, dropArrivedReads, duePatientReads, type DueRead, type PatientKind } from '@tds/db'
import { entityOf } from '../entities/index.ts'
import { holdForLimit } from './hold-read.ts'
import type { BulkTask } from './perform-bulk-read.ts'
import type { ReadingParts } from './reading.ts'

/** One call to make: for one record, or for many of a type that has a call for many. */
export type PatientTask =
  { readonly kind: 'single'; readonly key: DueRead } | ({ readonly kind: 'bulk' } & BulkTask)

/** Owed reads that one pass looks at. */
const readsPerPass = 500
/** Calls of one pass: whatever becomes due meanwhile, however urgent, waits for its end. */
const callsPerPass = 60

/**
 * Finds the calls that the due patient reads need, the most urgent first. Reads of parents that have arrived by themselves
 * are dropped, and records that were read too often within an hour wait. The kinds in `except` are left alone.
 */
export async function planPatientReads(
  parts: Pick<ReadingParts, 'db' | 'queue'>,
  o: { readonly except: readonly PatientKind[] },
): Promise<PatientTask[]> {
  const due = await duePatientReads(parts.db, { ...o, limit: readsPerPass })
  const open: DueRead[] = []
  for (const read of due) {
    if (read.limitedSeconds === null) open.push(read)
    else await holdForLimit(parts, read, read.limitedSeconds)
  }
  const arrived = await arrivedParents(parts, open)
  return tasksOf(open.filter((read) => !arrived.has(read))).slice(0, callsPerPass)
}

async function arrivedParents(
  { db }: Pick<ReadingParts, 'db'>,
  open: readonly DueRead[],
): Promise<Set<DueRead>> {
  const parents = open.filter((read) => read.reason === 'parent')
  const arrived = new Set<DueRead>()
  for (const [type, reads] of Map.groupBy(parents, (read) => read.entityType)) {
    const entity = entityOf(type)
    if (entity === undefined) continue
    const absent = await absentRecords(db, entity, reads)
    const missing = new Set(absent.map((key) => `${key.organizationId} ${key.zohoId}`))
    for (const read of reads) if (!missing.has(`${read.organizationId} ${read.zohoId}`)) arrived.add(read)
  }
  if (arrived.size > 0) await dropArrivedReads(db, [...arrived])
  return arrived
}

function tasksOf(reads: readonly DueRead[]): PatientTask[] {
  const groups = Map.groupBy(reads, (read) =>
    JSON.stringify([read.organizationId, read.entityType, read.reason, read.alone]),
  )
  return [...groups.values()].flatMap((group): PatientTask[] => {
    const [first] = group
    const entity = first === undefined ? undefined : entityOf(first.entityType)
    const bulk = entity?.source.bulk ?? null
    if (first === undefined || entity === undefined || bulk === null || first.alone) {
      return group.map((key) => ({ kind: 'single', key }))
    }
    const { organizationId } = first
    return chunksOf(group, bulk.limit).map((due) => ({ kind: 'bulk', organizationId, entity, due }))
  })
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = []
  for (let first = 0; first < items.length; first += size) chunks.push(items.slice(first, first + size))
  return chunks
}
