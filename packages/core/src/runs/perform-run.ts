import {
  addToRun,
  beginRun,
  endRun,
  failRun,
  noteScheduled,
  readCursor,
  takeRun,
  type CursorKey,
  type OpenRun,
} from '@tds/db'
import { childLogger } from '@tds/runtime'
import type { ComparisonTask } from '../reconciliation/compare-type.ts'
import { noCounts } from '../scan/apply-listed.ts'
import { watermarkOf } from '../scan/list-cursor.ts'
import type { ListMode } from '../scan/list-modes.ts'
import { readList, type ListParts, type RunReport } from '../scan/read-list.ts'
import { askForReads } from '../sync/ask-for-reads.ts'
import { writeInstant } from '../sync/instant.ts'
import type { NextRun, RunsOfType, ScheduledMode } from './next-run.ts'
import { readRunRequest, type RunRequest } from './run-request.ts'

const log = childLogger('core:runs')

/** What carrying runs out needs of its surroundings. */
export interface RunParts extends ListParts {
  readonly daemonId: string
  readonly compare: (parts: ListParts, task: ComparisonTask) => Promise<RunReport>
}

/** A run of this worker's. */
interface RunInHand {
  readonly id: string
  readonly kind: OpenRun['run_type']
  readonly mode: string
  readonly dryRun: boolean
  readonly requestedBy: string | null
  readonly reason: string | null
  readonly request: RunRequest
  readonly place: string | null
}

/**
 * Carries a run out: one that a schedule brings, one that a person asked for, or one whose worker died, which goes on where
 * it stood if it can. One that cannot go on, or whose row does not say what is to be done, ends as failed, so that it never
 * stands in the way; then it returns null.
 */
export async function performRun(
  parts: RunParts,
  type: RunsOfType,
  next: NextRun,
): Promise<RunReport | null> {
  const run =
    next.kind === 'open' ? await takeOver(parts, type, next.run) : await begin(parts, type, next.mode)
  if (run === null) return null
  const report = await carryOut(parts, type, run)
  if (report.status === 'waiting') {
    log.info('a run waits until Zoho may be called', { ...told(type, run), error: report.error })
    return report
  }
  if (run.requestedBy === null || (!run.dryRun && report.status === 'completed'))
    await noteEnd(parts, type, run)
  const level = report.error === null ? 'info' : 'warn'
  log[level]('a run ended', {
    ...told(type, run),
    ...report.counts,
    status: report.status,
    error: report.error,
  })
  return report
}

function told({ entity }: RunsOfType, { id, kind, mode }: RunInHand) {
  return { run: id, entity: entity.type, kind, mode }
}

async function begin(
  { db, lease, daemonId }: RunParts,
  type: RunsOfType,
  mode: ScheduledMode,
): Promise<RunInHand> {
  const compares = mode === 'index' || mode === 'full'
  const kind = compares ? 'reconciliation' : 'scheduled'
  const request = compares ? { repair: true } : {}
  const cursorBefore = await cursorText(db, type)
  const id = await db.transaction(async (tx) => {
    await lease.guard(tx)
    return beginRun(tx, {
      organizationId: type.organizationId,
      runType: kind,
      entityType: type.entity.type,
      mode,
      dryRun: false,
      workerId: daemonId,
      requestedBy: null,
      request: JSON.stringify(request),
      cursorBefore,
    })
  })
  return { id, kind, mode, dryRun: false, requestedBy: null, reason: null, request, place: null }
}

/** Modes whose walk notes where it stands. */
const resumed: ReadonlySet<string> = new Set<ListMode>(['backfill', 'full'])

const left = { code: 'run_left', message: 'its worker ended in the middle of it' }
const unreadable = { code: 'run_request_unreadable', message: 'its row does not say what is to be done' }

async function takeOver(parts: RunParts, type: RunsOfType, open: OpenRun): Promise<RunInHand | null> {
  const { db, lease, daemonId } = parts
  const { id, worker_id: workerId, mode, run_type: kind, dry_run: dryRun } = open
  // Whoever leads the type carries out its runs one after the other: nobody else can be at this one.
  const wasLeft = workerId !== null
  const request = readRunRequest(open.request)
  const goesOn = !wasLeft || (resumed.has(mode) && kind !== 'reconciliation' && !dryRun)
  const cursorBefore = await cursorText(db, type)
  const taken = await db.transaction(async (tx) => {
    await lease.guard(tx)
    if (request !== null && goesOn) return takeRun(tx, { id, workerId: daemonId, cursorBefore })
    await failRun(tx, id, request === null ? unreadable : left)
    return false
  })
  if (!taken || request === null) return null
  if (wasLeft)
    log.info('a run goes on where it stood', { run: id, entity: type.entity.type, mode, place: open.place })
  return {
    id,
    kind,
    mode,
    dryRun,
    requestedBy: open.requested_by,
    reason: open.reason,
    request,
    place: open.place,
  }
}

async function cursorText(
  db: RunParts['db'],
  { organizationId, entity }: RunsOfType,
): Promise<string | null> {
  const key: CursorKey = { organizationId, sourceType: 'scheduled', entityType: entity.type }
  const watermark = watermarkOf(await readCursor(db, key))
  return watermark === null ? null : writeInstant(watermark)
}

function carryOut(parts: RunParts, type: RunsOfType, run: RunInHand): Promise<RunReport> {
  const { id: runId, dryRun, requestedBy, request, reason, place } = run
  if (run.kind === 'reconciliation') {
    const { repair = false } = request
    const depth = run.mode === 'full' ? 'full' : 'index'
    return parts.compare(parts, { runId, ...type, depth, repair, dryRun, requestedBy })
  }
  if (run.mode === 'ids') return readNamed(parts, type, run)
  return readList(parts, {
    runId,
    ...type,
    mode: run.mode as ListMode,
    dryRun,
    since: request.since === undefined ? null : instantOf(request.since),
    place,
    requestedBy: requestedBy === null ? null : { actor: requestedBy, reason },
  })
}

function instantOf(iso: string): number {
  return Date.parse(iso) * 1000
}

/** Records that a person names are read one by one, like any other that somebody asks for; a rehearsal only counts them. */
async function readNamed(
  { db, queue, lease }: RunParts,
  { organizationId, entity }: RunsOfType,
  { id, dryRun, request }: RunInHand,
): Promise<RunReport> {
  const ids = [...new Set(request.ids ?? [])]
  const counts = { ...noCounts, read: ids.length }
  await db.transaction(async (tx) => {
    await lease.guard(tx)
    const reads = ids.map((zohoId) => ({
      organizationId,
      entityType: entity.type,
      zohoId,
      reason: 'manual' as const,
      eventId: null,
      delaySeconds: 0,
    }))
    if (!dryRun) await askForReads(queue, tx, reads)
    await addToRun(tx, id, counts)
    await endRun(tx, id, { status: 'completed', cursorAfter: null, summary: null })
  })
  return { runId: id, status: 'completed', counts, whole: false, error: null }
}

/** The schedule counts from a run that ended well, whoever asked for it. */
async function noteEnd({ db, lease }: RunParts, type: RunsOfType, run: RunInHand): Promise<void> {
  const { organizationId, entity } = type
  const isComparison = run.kind === 'reconciliation'
  if (!(isComparison ? run.mode === 'index' : scheduledModes.has(run.mode))) return
  const sourceType = isComparison ? 'reconciliation' : 'scheduled'
  await db.transaction(async (tx) => {
    await lease.guard(tx)
    await noteScheduled(tx, { organizationId, sourceType, entityType: entity.type }, run.id)
  })
}

const scheduledModes: ReadonlySet<string> = new Set(['backfill', 'incremental', 'full'])
