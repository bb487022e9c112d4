import {
  cancelRun,
  dropOwedReads,
  insertOperatorActions,
  openRuns,
  requestRun,
  transactOrRehearse,
  type Database,
  type OpenRun,
  type Transaction,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import type { OperatorRequest } from '../quarantine/operator-work.ts'
import { readRunRequest, type RunRequest } from './run-request.ts'

/** A run that a person wants. */
export interface WantedRun {
  readonly organizationId: string
  readonly entity: EntityDefinition
  readonly kind: 'sync' | 'reconciliation'
  /** Of a sync: incremental, full, since, ids. Of a reconciliation its depth: index, full. */
  readonly mode: 'incremental' | 'full' | 'since' | 'ids' | 'index'
  readonly request: RunRequest
}

/** The run that will do it. */
export interface RequestedRun {
  readonly runId: string
  /** It waited already, asked for by somebody else or before. */
  readonly joined: boolean
}

/**
 * Asks for a run, which a worker begins within seconds; one of each type at a time. Who asks for what waits already joins it.
 * With `dryRun` the run itself is a rehearsal: it tells what it would do and changes nothing.
 * @throws TdsError `run_waiting` (reject) where another run of the type waits.
 */
export function askForRun(db: Database, wanted: WantedRun, request: OperatorRequest): Promise<RequestedRun> {
  const { organizationId, entity, kind, mode } = wanted
  return db.transaction(async (tx) => {
    const runId = await requestRun(tx, {
      organizationId,
      runType: kind === 'sync' ? 'manual' : 'reconciliation',
      entityType: entity.type,
      mode,
      dryRun: request.dryRun,
      requestedBy: request.actor,
      reason: request.reason,
      request: JSON.stringify(wanted.request),
    })
    if (runId === null) return joinWaiting(tx, wanted, request)
    await note(tx, request, {
      action: `${kind}.request`,
      subject: `${entity.type} ${organizationId}`,
      facts: { runId, mode, dryRun: request.dryRun, ...wanted.request },
    })
    return { runId, joined: false }
  })
}

async function joinWaiting(
  tx: Transaction,
  wanted: WantedRun,
  request: OperatorRequest,
): Promise<RequestedRun> {
  const { organizationId, entity } = wanted
  const open = await openRuns(tx, { organizationId, entityType: entity.type })
  const waiting = open.find((run) => run.worker_id === null)
  if (waiting !== undefined && isSame(waiting, wanted, request)) return { runId: waiting.id, joined: true }
  throw new TdsError(
    `Another run of ${entity.type} waits already${waiting === undefined ? '' : `: ${waiting.id}`}`,
    {
      code: 'run_waiting',
      disposition: 'reject',
      nextStep: 'Wait until it is done (tds sync runs), or cancel it with tds sync cancel.',
      facts: { entity: entity.type, runId: waiting?.id ?? null },
    },
  )
}

function isSame(waiting: OpenRun, { kind, mode, request }: WantedRun, { dryRun }: OperatorRequest): boolean {
  const asked = readRunRequest(waiting.request)
  return (
    asked !== null &&
    (waiting.run_type === 'reconciliation') === (kind === 'reconciliation') &&
    waiting.mode === mode &&
    waiting.dry_run === dryRun &&
    canonical(asked) === canonical(request)
  )
}

/** The request in one order of keys, whatever Postgres made of it. */
function canonical(request: RunRequest): string {
  const { ids = null, since = null, repair = null } = request
  return JSON.stringify([ids, since, repair])
}

/** What a cancelled run was. */
export interface CancelledRun {
  readonly entityType: string
  readonly mode: string
  /** Reads that it had asked for and nobody had made yet. */
  readonly readsDropped: number
}

/**
 * Cancels a run that waits or is under way; its worker stops at the next page, and what it has applied stays. Of a first
 * load the reads that are still owed go too, and it does not begin again by itself.
 * @throws TdsError `run_not_open` (reject) for a run that is over, and for one that never was.
 */
export function stopRun(db: Database, runId: string, request: OperatorRequest): Promise<CancelledRun> {
  return transactOrRehearse(db, request, async (tx) => {
    const run = await cancelRun(tx, runId)
    if (run === null) throw notOpen(runId)
    const { organization_id: organizationId, entity_type: entityType, mode } = run
    const readsDropped =
      mode === 'backfill' ? await dropOwedReads(tx, { organizationId, entityType, reason: 'backfill' }) : 0
    await note(tx, request, {
      action: 'run.cancel',
      subject: runId,
      facts: { entity: entityType, mode, readsDropped },
    })
    return { entityType, mode, readsDropped }
  })
}

function notOpen(runId: string): TdsError {
  return new TdsError(`There is no run ${runId} that waits or is under way`, {
    code: 'run_not_open',
    disposition: 'reject',
    nextStep: 'Look at it with tds sync runs.',
    facts: { runId },
  })
}

async function note(
  tx: Transaction,
  { actor, reason, via }: OperatorRequest,
  o: { readonly action: string; readonly subject: string; readonly facts: Readonly<Record<string, unknown>> },
): Promise<void> {
  await insertOperatorActions(tx, [
    { actor, reason, action: o.action, subject: o.subject, facts: { ...o.facts, via } },
  ])
}
