import {
  addToRun,
  endRun,
  expectRows,
  moveCursor,
  readCursor,
  type CursorKey,
  type Database,
  type LeaderLease,
  type RunCounts,
  type SyncCursor,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { childLogger, TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { failureOf } from '../inbox/failure.ts'
import { databaseNow } from '../sync/database-now.ts'
import { writeInstant, type Instant } from '../sync/instant.ts'
import type { RecordSource } from '../sync/record-source.ts'
import { addCounts, applyListedRows, noCounts, type ListingRun } from './apply-listed.ts'
import { countPages } from './count-pages.ts'
import { filterKnown, filterNote, watermarkOf } from './list-cursor.ts'
import { listModes, type ListMode } from './list-modes.ts'
import { placeOf, placeText, type Place } from './place.ts'
import { proveFilter } from './prove-filter.ts'
import { rowsPerPage, walkList, type Walk } from './walk-list.ts'

const log = childLogger('core:list')

/** What reading a list needs of its surroundings. */
export interface ListParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly source: RecordSource
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly signal: AbortSignal
}

/** A run that reads a list; its row has begun and is this worker's. */
export interface ListTask {
  readonly runId: string
  readonly organizationId: string
  readonly entity: EntityDefinition
  readonly mode: ListMode
  readonly dryRun: boolean
  /** From when on, for the mode `since`; null for the others. */
  readonly since: Instant | null
  /** Where a walk stood whose worker died: JSON text of the run's row, or null. */
  readonly place: string | null
  /** The person who asked and why; null for a schedule. */
  readonly requestedBy: { readonly actor: string; readonly reason: string | null } | null
}

/** How a run ended; `waiting` where the source may not be called before `retryAfterMs`, and the walk goes on from its place. */
export interface RunReport {
  readonly runId: string
  readonly status: 'completed' | 'partial' | 'failed' | 'cancelled' | 'waiting'
  readonly counts: RunCounts
  /** The list was walked whole, because it leaves nothing out or had no watermark yet. */
  readonly whole: boolean
  /** Why it did not end well; null where it did. */
  readonly error: TdsError | null
}

/** Changes may become visible a while after the time that they carry; what was read already is found unchanged. */
const overlap: Instant = 5 * 60 * 1_000_000
/** Zoho's times are whole seconds. */
const precision: Instant = 1_000_000
/** A list that left out what is older is asked again after this whether it still does. */
const proofHolds: Instant = 24 * 3600 * 1_000_000

/**
 * Reads what has changed in one type since its watermark, or all of it: the rows at once, their details as owed reads. The
 * watermark moves with the last page, and only to the time of the first request less an overlap, so that what changes while
 * the list is walked is read again by the next run. A list that ignores the filter is walked whole, and said so. A whole walk
 * notes its place with each page and goes on from there.
 * Never throws for what the source does: the report says how it ended, and the watermark stays.
 */
export async function readList(parts: ListParts, task: ListTask): Promise<RunReport> {
  const key: CursorKey = {
    organizationId: task.organizationId,
    sourceType: 'scheduled',
    entityType: task.entity.type,
  }
  const cursor = await readCursor(parts.db, key)
  const { cause, readReason } = listModes[task.mode]
  const { runId, organizationId, entity, dryRun, requestedBy } = task
  const run: ListingRun = {
    ...parts,
    runId,
    organizationId,
    entity,
    dryRun,
    cause,
    readReason,
    actor: requestedBy?.actor ?? 'worker',
    reason: requestedBy?.reason ?? null,
  }
  const place = task.place === null ? null : placeOf(task.place)
  const reading = { parts, key, task, run, cursor, watermark: watermarkOf(cursor), place }
  return walkFrom(reading, {
    pages: 0,
    apiCalls: 0,
    counts: noCounts,
    firstSentAt: place?.firstSentAt ?? null,
    whole: true,
    metadata: {},
  })
}

interface Reading {
  readonly parts: ListParts
  readonly key: CursorKey
  readonly task: ListTask
  readonly run: ListingRun
  readonly cursor: SyncCursor | null
  readonly watermark: Instant | null
  readonly place: Place | null
}

/** What a run has done so far. */
interface Progress {
  pages: number
  /** Calls made that no page has counted yet. */
  apiCalls: number
  counts: RunCounts
  /** The database's time just before the first page was asked for. */
  firstSentAt: Instant | null
  whole: boolean
  /** What was found out about the list. */
  metadata: Record<string, unknown>
}

async function walkFrom(reading: Reading, progress: Progress): Promise<RunReport> {
  try {
    const since = await startOf(reading, progress)
    let status = await walkOnce(reading, progress, since)
    if (status === 'ignored') status = await walkOnce(reading, progress, null)
    return await finish(reading, progress, { status: status === 'ignored' ? 'partial' : status, error: null })
  } catch (error) {
    if (!(error instanceof TdsError) || error.code === 'lease_lost') throw error
    return fail(reading, progress, error)
  }
}

/** From when on changes are asked for; null where all must be read. */
async function startOf(reading: Reading, progress: Progress): Promise<Instant | null> {
  const { parts, task, run, watermark, cursor } = reading
  if (task.mode === 'since') return task.since
  if (task.mode !== 'incremental' || watermark === null) return null
  const now = await parts.db.transaction(databaseNow)
  const known = filterKnown(cursor)
  let honoured = known.honoured
  if (known.provedAt === null || known.provedAt + proofHolds <= now) {
    progress.apiCalls += 1
    honoured = await proveFilter(walkOf(reading), now)
    progress.metadata = filterNote(honoured, now)
    if (known.honoured && !honoured)
      log.warn('A list no longer leaves out what is older', { entity: run.entity.type })
  }
  return honoured ? watermark - overlap : null
}

/** Walks the list once. `ignored` when a row is older than what was asked for: then nothing that it left out can be told. */
async function walkOnce(
  reading: Reading,
  progress: Progress,
  since: Instant | null,
): Promise<'completed' | 'cancelled' | 'ignored'> {
  const { run, place, task } = reading
  progress.whole = since === null
  const walk = {
    ...walkOf(reading),
    modifiedSince: since,
    firstPage: since === null ? (place?.page ?? 1) : 1,
  }
  for await (const page of walkList(walk)) {
    progress.firstSentAt ??= page.sentAt
    const { counts, oldest, status } = await applyListedRows(run, {
      rows: page.rows,
      sentAt: page.sentAt,
      apiCalls: 1 + progress.apiCalls,
      place: page.isLast || since !== null ? null : placeText(page.page + 1, progress.firstSentAt),
    })
    progress.apiCalls = 0
    progress.pages += 1
    progress.counts = addCounts(progress.counts, counts)
    if (status !== 'running') return 'cancelled'
    if (since !== null && oldest !== null && oldest < since - precision) {
      log.warn('A list ignored the time it was asked for; it is read whole', { entity: run.entity.type })
      progress.metadata = filterNote(false, page.sentAt)
      return 'ignored'
    }
    if (page.page === 1 && !page.isLast && task.mode === 'backfill') await foretell(reading, progress, walk)
  }
  return 'completed'
}

/** Says beforehand how much a first load is: a list does not tell its length, a few of its pages do. */
async function foretell(reading: Reading, progress: Progress, walk: Walk): Promise<void> {
  const { parts, run } = reading
  const { pages, calls } = await countPages(walk)
  progress.apiCalls += calls
  const rows = pages * rowsPerPage
  await parts.db.transaction((tx) => expectRows(tx, run.runId, rows))
  log.info('a first load begins', { entity: run.entity.type, run: run.runId, pages, rowsAtMost: rows })
}

function walkOf({ parts, run, task }: Reading): Omit<Walk, 'modifiedSince'> {
  const { db, source, signal } = parts
  const { organizationId, entity } = run
  return { db, source, organizationId, entity, lane: listModes[task.mode].lane, signal }
}

/** A walk that can be resumed waits where it stands; any other ends, and what it has applied stays. */
function fail(reading: Reading, progress: Progress, error: TdsError): Promise<RunReport> {
  const { task } = reading
  const waits = listModes[task.mode].resumable && !task.dryRun && error.disposition === 'retry'
  if (waits && error.code !== 'list_unreliable') {
    const { counts, whole } = progress
    return Promise.resolve({ runId: task.runId, status: 'waiting', counts, whole, error })
  }
  return finish(reading, progress, { status: progress.pages === 0 ? 'failed' : 'partial', error })
}

async function finish(
  { parts, key, run, watermark, task }: Reading,
  progress: Progress,
  {
    status,
    error,
  }: { readonly status: Exclude<RunReport['status'], 'waiting'>; readonly error: TdsError | null },
): Promise<RunReport> {
  const { movesWatermark } = listModes[task.mode]
  const moves = movesWatermark && !task.dryRun
  const reached =
    moves && status === 'completed' && progress.firstSentAt !== null
      ? progress.firstSentAt - overlap
      : watermark
  const reachedText = reached === null ? null : writeInstant(reached)
  await parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
    if (progress.apiCalls > 0) await addToRun(tx, run.runId, { ...noCounts, apiCalls: progress.apiCalls })
    if (moves)
      await moveCursor(tx, key, {
        watermark: reachedText,
        place: null,
        status,
        count: progress.counts.read,
        metadata: JSON.stringify(progress.metadata),
      })
    await endRun(tx, run.runId, { status, cursorAfter: reachedText, summary: summaryOf(progress, error) })
  })
  return { runId: run.runId, status, counts: progress.counts, whole: progress.whole, error }
}

function summaryOf({ whole, counts }: Progress, error: TdsError | null): string | null {
  if (error === null && counts.failed === 0) return null
  const { code, message } =
    error === null
      ? { code: 'rows_unreadable', message: 'rows were left to their details' }
      : failureOf(error)
  return JSON.stringify({ code, message, whole, unreadable: counts.failed })
}
