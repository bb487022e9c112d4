import {
  addToRun,
  isDatabaseConflict,
  transactOrRehearse,
  type Database,
  type LeaderLease,
  type ReadReason,
  type ReadRequest,
  type RunCounts,
  type RunStatus,
  type Transaction,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { mapRecord } from '../entities/map-record.ts'
import { isContentFault } from '../inbox/content-fault.ts'
import { applyChanges, type ChangeResult, type RecordChange } from '../sync/apply-changes.ts'
import { askForReads } from '../sync/ask-for-reads.ts'
import type { ChangeCause } from '../sync/change.ts'
import { databaseNow } from '../sync/database-now.ts'
import { followUpReads } from '../sync/follow-up-reads.ts'
import type { Instant } from '../sync/instant.ts'
import type { ListedRow } from './walk-list.ts'

/** A run that reads lists, as far as applying their rows needs it. */
export interface ListingRun {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  /** Every write counts only while this process leads. */
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly runId: string
  readonly organizationId: string
  readonly entity: EntityDefinition
  readonly cause: ChangeCause
  /** Why details of its rows are read. */
  readonly readReason: ReadReason
  /** Only tells what it would do. */
  readonly dryRun: boolean
  /** Who brings the changes about, in the audit trail: the worker, or the person who asked. */
  readonly actor: string
  readonly reason: string | null
}

/** A page to apply. */
export interface ListedPage {
  readonly rows: readonly ListedRow[]
  readonly sentAt: Instant
  readonly apiCalls: number
  /** JSON text of where the walk stands once this page is applied; null where it cannot be resumed. */
  readonly place: string | null
}

/** What applying a page came to. */
export interface ListedOutcome {
  readonly counts: RunCounts
  /** The newest version among the rows, or null where none has one. */
  readonly newest: Instant | null
  /** The oldest one. */
  readonly oldest: Instant | null
  /** How the run stands afterwards. */
  readonly status: RunStatus
}

/**
 * Applies the rows of a page: what they carry at once, and a detail read is owed, in the same transaction, for each record
 * that is then not known completely, or whose row cannot be read. Retries conflicts, and halves a page that Postgres refuses
 * until the guilty row stands alone. A rehearsal does the same and takes it back.
 */
export async function applyListedRows(run: ListingRun, page: ListedPage): Promise<ListedOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await applyOnce(run, page)
    } catch (error) {
      if (isDatabaseConflict(error) && attempt <= conflictRetries) continue
      if (!isContentFault(error)) throw error
      return applyHalves(run, page)
    }
  }
}

const conflictRetries = 5

async function applyOnce(run: ListingRun, page: ListedPage): Promise<ListedOutcome> {
  const note = (tx: Transaction, counts: RunCounts) =>
    addToRun(tx, run.runId, { ...counts, place: page.place })
  const outcome = await transactOrRehearse(run.db, run, async (tx) => {
    await run.lease.guard(tx)
    const applied = await applyInside(run, tx, page)
    return { ...applied, status: await note(tx, applied.counts) }
  })
  if (!run.dryRun) return outcome
  // What it counted was taken back with the rest.
  return { ...outcome, status: await run.db.transaction((tx) => note(tx, outcome.counts)) }
}

async function applyHalves(run: ListingRun, page: ListedPage): Promise<ListedOutcome> {
  const { rows } = page
  const [only] = rows
  if (only !== undefined && rows.length === 1) return oweInstead(run, only, page)
  const middle = Math.ceil(rows.length / 2)
  const first = await applyListedRows(run, { ...page, rows: rows.slice(0, middle), place: null })
  const second = await applyListedRows(run, { ...page, rows: rows.slice(middle), apiCalls: 0 })
  return {
    counts: addCounts(first.counts, second.counts),
    newest: furthest([first.newest, second.newest], Math.max),
    oldest: furthest([first.oldest, second.oldest], Math.min),
    status: second.status,
  }
}

/** Nothing of the row can be kept: its detail, read like any other, becomes a dead letter with its bytes if it is as bad. */
async function oweInstead(
  run: ListingRun,
  { zohoId }: ListedRow,
  { apiCalls, place }: ListedPage,
): Promise<ListedOutcome> {
  const counts = { ...noCounts, read: 1, failed: 1, apiCalls }
  const status = await run.db.transaction(async (tx) => {
    await run.lease.guard(tx)
    if (!run.dryRun) await askForReads(run.queue, tx, [readOf(run, zohoId)])
    return addToRun(tx, run.runId, { ...counts, place })
  })
  return { counts, newest: null, oldest: null, status }
}

type AppliedPage = Omit<ListedOutcome, 'status'>

async function applyInside(run: ListingRun, tx: Transaction, page: ListedPage): Promise<AppliedPage> {
  const changes: RecordChange[] = []
  const reads: ReadRequest[] = []
  for (const listed of page.rows) {
    const change = changeOf(run, listed, page.sentAt)
    if (change === null) reads.push(readOf(run, listed.zohoId))
    else changes.push(change)
  }
  const unreadable = reads.length
  const results = await applyChanges(tx, changes, await databaseNow(tx))
  for (const [index, { owesRead }] of results.entries()) {
    const change = changes[index]
    if (owesRead && change !== undefined) reads.push(readOf(run, change.zohoId))
  }
  const done = results.flatMap((result, index) => {
    const change = changes[index]
    return change === undefined ? [] : [{ change, result }]
  })
  reads.push(...(await followUpReads(tx, done)))
  await askForReads(run.queue, tx, reads)
  const versions = changes.map(versionOf)
  return {
    counts: countResults(results, { failed: unreadable, apiCalls: page.apiCalls }),
    newest: furthest(versions, Math.max),
    oldest: furthest(versions, Math.min),
  }
}

/** Null for a row that cannot be read exactly. */
function changeOf(run: ListingRun, { zohoId, row }: ListedRow, sentAt: Instant): RecordChange | null {
  const { entity, organizationId, cause, runId, actor, reason } = run
  try {
    const record = mapRecord(entity, row, 'list')
    return {
      entity,
      organizationId,
      zohoId,
      origin: 'list',
      says: { kind: 'content', record },
      cause,
      lookedAt: sentAt,
      eventId: null,
      runId,
      actor,
      reason,
      requestId: null,
    }
  } catch (error) {
    if (error instanceof TdsError) return null
    throw error
  }
}

function readOf({ organizationId, entity, readReason }: ListingRun, zohoId: string): ReadRequest {
  return {
    organizationId,
    entityType: entity.type,
    zohoId,
    reason: readReason,
    eventId: null,
    delaySeconds: 0,
  }
}

/** A run that has done nothing yet. */
export const noCounts: RunCounts = {
  read: 0,
  created: 0,
  updated: 0,
  unchanged: 0,
  stale: 0,
  deleted: 0,
  failed: 0,
  apiCalls: 0,
}

function countResults(
  results: readonly ChangeResult[],
  { failed, apiCalls }: Pick<RunCounts, 'failed' | 'apiCalls'>,
): RunCounts {
  const counts = { ...noCounts, read: results.length + failed, failed, apiCalls }
  for (const { decision } of results) {
    const { outcome } = decision
    if (outcome === 'reread') continue
    counts[outcome === 'restored' ? 'created' : outcome] += 1
  }
  return counts
}

/** What two parts of a run did together. */
export function addCounts(left: RunCounts, right: RunCounts): RunCounts {
  const keys = Object.keys(left) as (keyof RunCounts)[]
  return Object.fromEntries(keys.map((key) => [key, left[key] + right[key]])) as unknown as RunCounts
}

function versionOf({ says }: RecordChange): Instant | null {
  return says.kind === 'content' && says.record.version !== null ? says.record.version * 1000 : null
}

function furthest(
  instants: readonly (Instant | null)[],
  choose: (...values: number[]) => number,
): Instant | null {
  const known = instants.filter((instant) => instant !== null)
  return known.length === 0 ? null : choose(...known)
}
