import { z } from 'zod'
import {
  beginRun,
  endRun,
  failLeftRuns,
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
import { readInstant, writeInstant, type Instant } from '../sync/instant.ts'
import type { RecordSource } from '../sync/record-source.ts'
import { addCounts, applyListedRows, noCounts, type ListingRun } from './apply-listed.ts'
import { proveFilter } from './prove-filter.ts'
import { walkList, type Walk } from './walk-list.ts'

const log = childLogger('core:incremental')

/** What an incremental read needs of its surroundings. */
export interface IncrementalParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly source: RecordSource
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly daemonId: string
  readonly signal: AbortSignal
}

/** How a run ended. */
export interface RunReport {
  readonly runId: string
  readonly status: 'completed' | 'partial' | 'failed' | 'cancelled'
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
 * Reads what has changed in one type since its watermark: the rows at once, their details as owed reads. The watermark moves
 * with the last page, and only to the time of the first request less an overlap, so that what changes while the list is
 * walked is read again by the next run. A list that ignores the filter is walked whole, and said so.
 * Never throws for what the source does: the report says how it ended, and the watermark stays.
 */
export async function readIncrement(
  parts: IncrementalParts,
  o: { readonly organizationId: string; readonly entity: EntityDefinition },
): Promise<RunReport> {
  const { db, lease, daemonId } = parts
  const key: CursorKey = {
    organizationId: o.organizationId,
    sourceType: 'scheduled',
    entityType: o.entity.type,
  }
  const cursor = await readCursor(db, key)
  const watermark = watermarkOf(cursor)
  const runId = await db.transaction(async (tx) => {
    await lease.guard(tx)
    await failLeftRuns(tx, { ...key, mode })
    return beginRun(tx, {
      ...key,
      runType: 'scheduled',
      mode,
      dryRun: false,
      workerId: daemonId,
      requestedBy: null,
      cursorBefore: watermark === null ? null : writeInstant(watermark),
    })
  })
  const run: ListingRun = { ...parts, ...o, runId, cause: 'incremental', readReason: 'incremental' }
  return walkFrom({ parts, key, run, cursor, watermark })
}

const mode = 'incremental'

interface Increment {
  readonly parts: IncrementalParts
  readonly key: CursorKey
  readonly run: ListingRun
  readonly cursor: SyncCursor | null
  readonly watermark: Instant | null
}

/** What a run has done so far. */
interface Progress {
  pages: number
  apiCalls: number
  rows: number
  counts: RunCounts
  /** The database's time just before the first page was asked for. */
  firstSentAt: Instant | null
  whole: boolean
  /** What was found out about the list. */
  metadata: Record<string, unknown>
}

async function walkFrom(increment: Increment): Promise<RunReport> {
  const progress: Progress = {
    pages: 0,
    apiCalls: 0,
    rows: 0,
    counts: noCounts,
    firstSentAt: null,
    whole: true,
    metadata: {},
  }
  try {
    const since = await startOf(increment, progress)
    let status = await walkOnce(increment, progress, since)
    if (status === 'ignored') status = await walkOnce(increment, progress, null)
    return await finish(increment, progress, {
      status: status === 'ignored' ? 'partial' : status,
      error: null,
    })
  } catch (error) {
    if (!(error instanceof TdsError)) throw error
    return finish(increment, progress, { status: progress.pages === 0 ? 'failed' : 'partial', error })
  }
}

/** From when on changes are asked for; null where all must be read. */
async function startOf(increment: Increment, progress: Progress): Promise<Instant | null> {
  const { parts, run, watermark, cursor } = increment
  if (watermark === null) return null
  const now = await parts.db.transaction(databaseNow)
  const known = knownOf(cursor)
  let honoured = known.honoured
  if (known.provedAt === null || known.provedAt + proofHolds <= now) {
    progress.apiCalls += 1
    honoured = await proveFilter(walkOf(increment), now)
    progress.metadata['filter'] = { honoured, provedAt: isoTime(now) }
    if (known.honoured && !honoured)
      log.warn('A list no longer leaves out what is older', { entity: run.entity.type })
  }
  return honoured ? watermark - overlap : null
}

/** Walks the list once. `ignored` when a row is older than what was asked for: then nothing that it left out can be told. */
async function walkOnce(
  increment: Increment,
  progress: Progress,
  since: Instant | null,
): Promise<'completed' | 'cancelled' | 'ignored'> {
  progress.whole = since === null
  for await (const page of walkList({ ...walkOf(increment), modifiedSince: since })) {
    progress.firstSentAt ??= page.sentAt
    const { counts, oldest, status } = await applyListedRows(increment.run, {
      rows: page.rows,
      sentAt: page.sentAt,
      apiCalls: 1 + progress.apiCalls,
    })
    progress.apiCalls = 0
    progress.pages += 1
    progress.counts = addCounts(progress.counts, counts)
    if (status !== 'running') return 'cancelled'
    if (since !== null && oldest !== null && oldest < since - precision) {
      log.warn('A list ignored the time it was asked for; it is read whole', {
        entity: increment.run.entity.type,
      })
      progress.metadata['filter'] = { honoured: false, provedAt: isoTime(page.sentAt) }
      return 'ignored'
    }
  }
  return 'completed'
}

function walkOf({ parts, run }: Increment): Omit<Walk, 'modifiedSince'> {
  const { db, source, signal } = parts
  const { organizationId, entity } = run
  return { db, source, organizationId, entity, lane: 'incremental', signal }
}

async function finish(
  { parts, key, run, watermark }: Increment,
  progress: Progress,
  { status, error }: Pick<RunReport, 'status' | 'error'>,
): Promise<RunReport> {
  const reached =
    status === 'completed' && progress.firstSentAt !== null ? progress.firstSentAt - overlap : watermark
  const reachedText = reached === null ? null : writeInstant(reached)
  await parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
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

function isoTime(instant: Instant): string {
  return new Date(Math.floor(instant / 1000)).toISOString()
}

const filterSchema = z.object({ honoured: z.boolean(), provedAt: z.string() })

function knownOf(cursor: SyncCursor | null): { honoured: boolean; provedAt: Instant | null } {
  const metadata = cursor === null ? {} : (JSON.parse(cursor.sync_metadata) as Record<string, unknown>)
  const { success, data } = filterSchema.safeParse(metadata['filter'])
  if (!success) return { honoured: false, provedAt: null }
  return { honoured: data.honoured, provedAt: Date.parse(data.provedAt) * 1000 }
}

function watermarkOf(cursor: SyncCursor | null): Instant | null {
  const text = cursor?.last_entity_version ?? null
  return text === null ? null : readInstant(text)
}
