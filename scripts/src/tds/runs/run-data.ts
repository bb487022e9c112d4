import { z } from 'zod'
import { readRunRequest } from '@tds/core'
import { runStates, type StoredRun } from '@tds/db'
import { isoTime, isoTimeOrNull } from '../commands/event-data.ts'
import { countWords } from '../output/amounts.ts'
import type { Block, Cell } from '../output/shown.ts'

const count = z.number().min(0)

/** A run in every result. */
export const runSchema = z.strictObject({
  runId: z.string(),
  organizationId: z.string(),
  kind: z.enum(['scheduled', 'manual', 'reconciliation']),
  entityType: z.string(),
  mode: z.string(),
  status: z.enum(runStates),
  dryRun: z.boolean(),
  requestedBy: z.string().nullable(),
  reason: z.string().nullable(),
  /** What was asked for beyond the mode; of named records their number. */
  request: z.strictObject({
    ids: count.nullable(),
    since: z.string().nullable(),
    repair: z.boolean().nullable(),
  }),
  read: count,
  created: count,
  updated: count,
  unchanged: count,
  stale: count,
  deleted: count,
  failed: count,
  apiCalls: count,
  /** Rows that the list has at most; null where nobody looked. */
  expectedRows: count.nullable(),
  cursorBefore: z.string().nullable(),
  cursorAfter: z.string().nullable(),
  startedAt: z.iso.datetime(),
  completedAt: z.iso.datetime().nullable(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
})

/** A run as results have it. */
export type RunData = z.output<typeof runSchema>

/** A run of the database as results have it. */
export function runData(run: StoredRun): RunData {
  const { ids, since = null, repair = null } = readRunRequest(run.request) ?? {}
  return {
    runId: run.id,
    organizationId: run.organization_id,
    kind: run.run_type,
    entityType: run.entity_type,
    mode: run.mode,
    status: run.state,
    dryRun: run.dry_run,
    requestedBy: run.requested_by,
    reason: run.reason,
    request: { ids: ids?.length ?? null, since, repair },
    read: run.read,
    created: run.created,
    updated: run.updated,
    unchanged: run.unchanged,
    stale: run.stale,
    deleted: run.deleted,
    failed: run.failed,
    apiCalls: run.api_calls,
    expectedRows: run.expected_rows,
    cursorBefore: isoTimeOrNull(run.cursor_before),
    cursorAfter: isoTimeOrNull(run.cursor_after),
    startedAt: isoTime(run.started_at),
    completedAt: isoTimeOrNull(run.completed_at),
    error: errorOf(run.error_summary),
  }
}

/** Whether nothing happens to a run any more. */
export function hasEnded({ status }: Pick<RunData, 'status'>): boolean {
  return status !== 'waiting' && status !== 'running'
}

/** How far a run is, in one line; a total only where it is known. */
export function progressWords({ entityType, status, read, expectedRows, failed }: RunData): string {
  if (status === 'waiting') return `${entityType}: waits for a worker`
  const total = expectedRows === null ? 'read, total unknown' : `of at most ${countWords(expectedRows)} read`
  const ended = status === 'running' ? '' : `, ${status}`
  return `${entityType}: ${countWords(read)} ${total}, ${countWords(failed)} failed${ended}`
}

/** What runs came to. */
export function countsTable(runs: readonly RunData[]): Block {
  return {
    kind: 'table',
    columns: [
      'type',
      'status',
      'read',
      'created',
      'updated',
      'unchanged',
      'stale',
      'deleted',
      'failed',
      'calls',
      'cursor before',
      'cursor after',
      'run',
    ],
    rows: runs.map((run) => [
      run.entityType,
      run.status,
      run.read,
      run.created,
      run.updated,
      run.unchanged,
      run.stale,
      run.deleted,
      run.failed,
      run.apiCalls,
      run.cursorBefore,
      run.cursorAfter,
      run.runId,
    ]),
  }
}

/** Runs one below the other, as a history. */
export function historyTable(runs: readonly RunData[]): Block {
  return {
    kind: 'table',
    columns: [
      'started',
      'run',
      'type',
      'kind',
      'mode',
      'status',
      'by',
      'read',
      'changed',
      'failed',
      'calls',
      'error',
    ],
    rows: runs.map((run) => [
      run.startedAt,
      run.runId,
      run.entityType,
      run.dryRun ? `${run.kind}, dry run` : run.kind,
      run.mode,
      run.status,
      run.requestedBy,
      run.read,
      run.created + run.updated + run.deleted,
      run.failed,
      run.apiCalls,
      run.error?.code ?? null,
    ]),
  }
}

/** The facts of one run; what is not there is left out. */
export function runFacts({ request, error, ...run }: RunData): Block {
  const facts: (readonly [string, Cell])[] = [
    ...Object.entries(run),
    ['ids', request.ids],
    ['since', request.since],
    ['repair', request.repair],
    ['error', error === null ? null : `${error.code}: ${error.message}`],
  ]
  return { kind: 'facts', facts: facts.filter(([, value]) => value !== null) }
}

const errorSchema = z.object({ code: z.string(), message: z.string() })

function errorOf(summary: string | null): RunData['error'] {
  const read = errorSchema.safeParse(summary === null ? null : JSON.parse(summary))
  return read.success ? { code: read.data.code, message: read.data.message } : null
}
