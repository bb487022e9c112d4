import {
  callBudgetStatus,
  owedReadsByType,
  patientReasons,
  type Database,
  type OwedReadsOfType,
  type StoredRun,
} from '@tds/db'
import { entityOf } from '../entities/index.ts'
import { readSetting } from '../settings/settings.ts'
import { allowanceOf, estimateRun, type CallAllowance, type RunEstimate, type WorkLeft } from './estimate.ts'
import { readRunRequest } from './run-request.ts'

/** How far a run is, and what is left. */
export interface RunOutlook {
  /** Details of its type that are still to be read, by reason. */
  readonly owed: readonly OwedReadsOfType[]
  /** Null where Zoho was never called. */
  readonly allowance: CallAllowance | null
  /** Until the run and the details of its type are done. */
  readonly estimate: RunEstimate
}

/** Tells what is left of a run: of a run that is over, the details that it and others of its type still owe. */
export async function runOutlook(db: Database, run: StoredRun): Promise<RunOutlook> {
  const all = await owedReadsByType(db, run.organization_id)
  const owed = all.filter((read) => read.entity_type === run.entity_type)
  const allowance = await readAllowance(db, run.organization_id)
  return { owed, allowance, estimate: estimateRun(workLeft(run, owed), allowance) }
}

/** Reads which calls a first load may make now; null where Zoho was never called. */
export async function readAllowance(db: Database, organizationId: string): Promise<CallAllowance | null> {
  const budgets = await callBudgetStatus(db)
  const budget = budgets.find((one) => one.organization_id === organizationId)
  return allowanceOf(budget, await readSetting(db, 'call_reserve_share'))
}

/** Details that nobody waits for: those of events are read at once and are no part of a load. */
export function patientDetails(owed: readonly OwedReadsOfType[]): number {
  return owed
    .filter(({ reason }) => patientReasons.includes(reason))
    .reduce((sum, { reads }) => sum + reads, 0)
}

/** Details of a type that one call brings. */
export function detailsPerCall(entityType: string): number {
  return entityOf(entityType)?.source.bulk?.limit ?? 1
}

function workLeft(run: StoredRun, owed: readonly OwedReadsOfType[]): WorkLeft {
  const isOpen = run.state === 'waiting' || run.state === 'running'
  // A rehearsal asks for no details, so it has none to wait for.
  const details = run.dry_run ? 0 : patientDetails(owed) + (isOpen ? namedIds(run) : 0)
  return {
    rows: isOpen ? rowsLeft(run) : 0,
    owesEach: run.mode === 'backfill' && !run.dry_run,
    details,
    detailsPerCall: detailsPerCall(run.entity_type),
  }
}

function rowsLeft({ mode, expected_rows: expected, read }: StoredRun): number | null {
  if (mode === 'ids') return 0
  return expected === null ? null : Math.max(0, expected - read)
}

function namedIds({ request }: StoredRun): number {
  return new Set(readRunRequest(request)?.ids).size
}
