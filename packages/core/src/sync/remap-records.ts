import {
  insertOperatorActions,
  isDatabaseConflict,
  lockRawRecords,
  readKeysAfter,
  transactOrRehearse,
  type Database,
  type RawRecord,
  type RecordKey,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { readRecord } from '../entities/map-record.ts'
import { isContentFault } from '../inbox/content-fault.ts'
import { isExactObject, parseExactText, storedLimits, type ExactObject } from '../json/index.ts'
import { applyChanges, type RecordChange } from './apply-changes.ts'
import { databaseNow } from './database-now.ts'
import type { Instant } from './instant.ts'
import { recordTableOf } from './record-table.ts'

/** Who asks for a remap, and how it is to go. */
export interface RemapOptions {
  /** The person who asks; the audit trail keeps it with the reason. */
  readonly actor: string
  readonly reason: string
  readonly requestId?: string | null
  /** Counts what would change and changes nothing. */
  readonly dryRun?: boolean
  /** Records in one transaction; default 200. */
  readonly batch?: number
  /** Goes on after this record; from the first one where it is left out. */
  readonly after?: RecordKey | null
  readonly signal?: AbortSignal
  /** Told after each batch, with the counts so far. */
  readonly onProgress?: (report: RemapReport) => void
}

/** What a remap did, or would do. */
export interface RemapReport {
  /** Living records looked at; `changed`, `unchanged` and `unreadable` add up to it. */
  readonly read: number
  readonly changed: number
  readonly unchanged: number
  readonly unreadable: number
  /** Column, `lines` or `custom_fields` → records in which it changed. */
  readonly fields: Readonly<Record<string, number>>
  /** The first hundred records that were left as they are, and why. */
  readonly problems: readonly RemapProblem[]
  /** The last record looked at: `after` of a run that goes on from here. Null where there was none. */
  readonly last: RecordKey | null
  /** It ended at the last record, not because it was aborted. */
  readonly finished: boolean
}

/** A record whose body cannot be read exactly; its value is named by its field and never shown. */
export interface RemapProblem extends RecordKey {
  readonly code: string
  readonly problem: string
}

/** What `tds_operator_actions` calls a remap; its subject is the type. */
export const remapAction = 'records.remap'

const usualBatch = 200
const problemsShown = 100
const conflictRetries = 5

/**
 * Reads the bodies that a type's rows keep (`raw`) again by today's mapping and applies what differs: so a column mapped later
 * is filled for every record without one call to Zoho. Goes through `applyChanges` like every change, with an audit entry of
 * cause `manual`.
 *
 * Never moves a version or a time of reading, never touches a tombstone, never clears a column whose key the body lacks. A
 * body that cannot be read exactly is reported and its row stays as it is. Each batch is a transaction of its own, so that a
 * run may be broken off anywhere; running it again finds what is done unchanged.
 */
export async function remapRecords(
  db: Database,
  entity: EntityDefinition,
  options: RemapOptions,
): Promise<RemapReport> {
  const run: Run = { db, entity, options, counts: { ...nothing, fields: {}, problems: [] } }
  let last = options.after ?? null
  for (;;) {
    if (options.signal?.aborted === true) return reportOf(run, { last, finished: false })
    const limit = options.batch ?? usualBatch
    const keys = await readKeysAfter(db, recordTableOf(entity), { after: last, limit, living: true })
    if (keys.length > 0) await remapBatch(run, keys)
    last = keys.at(-1) ?? last
    const finished = keys.length < limit
    options.onProgress?.(reportOf(run, { last, finished }))
    if (finished) {
      await noteRemap(run)
      return reportOf(run, { last, finished })
    }
  }
}

/** Says for good that the records of a type were read again by today's mapping: what had failed by an older one may succeed now. */
async function noteRemap({ db, entity, options, counts }: Run): Promise<void> {
  if (options.dryRun === true) return
  const { read, changed, unchanged, unreadable } = counts
  const { actor, reason } = options
  const facts = { read, changed, unchanged, unreadable }
  await insertOperatorActions(db, [{ actor, reason, action: remapAction, subject: entity.type, facts }])
}

interface Counts {
  read: number
  changed: number
  unchanged: number
  unreadable: number
  fields: Record<string, number>
  problems: RemapProblem[]
}

const nothing = { read: 0, changed: 0, unchanged: 0, unreadable: 0 }

interface Run {
  readonly db: Database
  readonly entity: EntityDefinition
  readonly options: RemapOptions
  readonly counts: Counts
}

function reportOf({ counts }: Run, o: Pick<RemapReport, 'last' | 'finished'>): RemapReport {
  return { ...counts, fields: { ...counts.fields }, problems: [...counts.problems], ...o }
}

/** Halves a batch that Postgres refuses because of a value, until the guilty record stands alone. */
async function remapBatch(run: Run, keys: readonly RecordKey[]): Promise<void> {
  try {
    addCounts(run.counts, await retryConflicts(() => inTransaction(run, keys)))
  } catch (error) {
    if (!isContentFault(error)) throw error
    const [only] = keys
    if (keys.length === 1 && only !== undefined) {
      const problem = { ...only, code: 'refused', problem: 'Postgres refuses a value of it' }
      addCounts(run.counts, { ...nothing, read: 1, unreadable: 1, fields: {}, problems: [problem] })
      return
    }
    const middle = Math.ceil(keys.length / 2)
    await remapBatch(run, keys.slice(0, middle))
    await remapBatch(run, keys.slice(middle))
  }
}

async function retryConflicts<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (!isDatabaseConflict(error) || attempt > conflictRetries) throw error
    }
  }
}

async function inTransaction(run: Run, keys: readonly RecordKey[]): Promise<Counts> {
  return transactOrRehearse(run.db, { dryRun: run.options.dryRun === true }, async (tx) => {
    // Locked before it is read: a body that is older than its row must not be laid over it.
    const rows = await lockRawRecords(tx, recordTableOf(run.entity), keys)
    const now = await databaseNow(tx)
    const counts: Counts = { ...nothing, read: rows.length, fields: {}, problems: [] }
    const changes = rows.flatMap((row) => changesOf(run, row, { now, counts }))
    for (const { decision, fields } of await applyChanges(tx, changes, now)) {
      counts[decision.outcome === 'updated' ? 'changed' : 'unchanged'] += 1
      for (const field of fields) counts.fields[field] = (counts.fields[field] ?? 0) + 1
    }
    return counts
  })
}

/** The change of one row, or none and a problem noted. An absent key leaves its column alone, as in a webhook. */
function changesOf(
  { entity, options }: Run,
  row: RawRecord,
  { now, counts }: { readonly now: Instant; readonly counts: Counts },
): RecordChange[] {
  const key = { organizationId: row.organization_id, zohoId: row.zoho_id }
  try {
    const raw = parseExactText(row.raw, storedLimits).value
    const body = isExactObject(raw) ? raw : (Object.create(null) as ExactObject)
    const record = readRecord(entity, body, 'webhook')
    return [
      {
        ...key,
        entity,
        origin: 'stored',
        says: { kind: 'content', record },
        cause: 'manual',
        lookedAt: now,
        eventId: null,
        runId: null,
        actor: options.actor,
        reason: options.reason,
        requestId: options.requestId ?? null,
      },
    ]
  } catch (error) {
    if (!(error instanceof TdsError)) throw error
    counts.unreadable += 1
    counts.problems.push({ ...key, code: error.code, problem: error.message })
    return []
  }
}

function addCounts(counts: Counts, more: Counts): void {
  counts.read += more.read
  counts.changed += more.changed
  counts.unchanged += more.unchanged
  counts.unreadable += more.unreadable
  for (const [field, records] of Object.entries(more.fields))
    counts.fields[field] = (counts.fields[field] ?? 0) + records
  counts.problems.push(...more.problems.slice(0, problemsShown - counts.problems.length))
}
