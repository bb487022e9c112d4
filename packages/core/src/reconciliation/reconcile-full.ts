import {
  addToRun,
  endRun,
  longestUnread,
  planCalls,
  plannedCalls,
  type ReadRequest,
  type RunCounts,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { noCounts } from '../scan/apply-listed.ts'
import { askForReads } from '../sync/ask-for-reads.ts'
import { recordTableOf } from '../sync/record-table.ts'
import type { ReconciliationParts, ReconciliationWish } from './index-run.ts'
import { beginReconciliation } from './reconcile-index.ts'
import { fullMode } from './settle-difference.ts'

/** What reading details in turn needs besides. */
export interface FullParts extends ReconciliationParts {
  /** Calls that all types together may owe within 24 hours: the setting `full_depth_calls_per_day`. */
  readonly callsPerDay: () => number
  /** All types that take turns. */
  readonly entities: readonly EntityDefinition[]
}

/** What a run of full depth owes. */
export interface FullReport {
  readonly runId: string
  readonly status: 'completed' | 'cancelled'
  /** Records whose details are read again. */
  readonly records: number
  /** Calls that this takes, at the most usual. */
  readonly calls: number
  /** Calls of the day that are left for other types. */
  readonly callsLeft: number
  readonly counts: RunCounts
}

/** What was read within this is not read again in turn: the day's other reads count as well. */
const freshSeconds = 20 * 3600

/**
 * Owes a slice of a type's details a look, those read longest ago first, within the day's calls: lines, custom fields and
 * whatever else lists do not show is compared so. Types marked `wholeFirst` may take all that is left, the others an equal
 * share each. The reads are made patiently, many with one call where Zoho has such a call; what one changes is kept as a
 * difference of this run. A dry run, or one that may not repair, only tells what it would owe.
 */
export async function reconcileFull(parts: FullParts, wish: ReconciliationWish): Promise<FullReport> {
  const { db, lease, queue } = parts
  const { organizationId, entity } = wish
  const owner = { organizationId, entityType: entity.type }
  const left = Math.max(0, parts.callsPerDay() - (await plannedCalls(db, { organizationId, mode: fullMode })))
  const runId = wish.runId ?? (await beginReconciliation(parts, wish, fullMode))
  const allowed = Math.min(left, shareOf(parts, entity))
  const perCall = entity.source.bulk?.limit ?? 1
  const ids = await longestUnread(db, recordTableOf(entity), {
    ...owner,
    limit: allowed * perCall,
    notWithinSeconds: freshSeconds,
  })
  const calls = Math.ceil(ids.length / perCall)
  const counts = { ...noCounts, read: ids.length }
  const isReal = wish.repair && !wish.dryRun
  const status = await db.transaction(async (tx) => {
    await lease.guard(tx)
    const standing = await addToRun(tx, runId, counts)
    if (standing !== 'running') return 'cancelled'
    if (isReal) {
      await planCalls(tx, runId, calls)
      await askForReads(
        queue,
        tx,
        ids.map((zohoId): ReadRequest => ({
          ...owner,
          zohoId,
          reason: 'verification',
          eventId: null,
          delaySeconds: 0,
        })),
      )
    }
    await endRun(tx, runId, { status: 'completed', cursorAfter: null, summary: null })
    return 'completed'
  })
  return { runId, status, records: ids.length, calls, callsLeft: left - (isReal ? calls : 0), counts }
}

/** The order in which types take their turns: those that lists tell least about first. */
export function inOrderOfTurn(entities: readonly EntityDefinition[]): EntityDefinition[] {
  return [...entities].sort((left, right) => Number(right.wholeFirst) - Number(left.wholeFirst))
}

function shareOf({ callsPerDay, entities }: FullParts, entity: EntityDefinition): number {
  if (entity.wholeFirst) return callsPerDay()
  const sharing = entities.filter(({ wholeFirst }) => !wholeFirst).length
  return Math.ceil(callsPerDay() / Math.max(1, sharing))
}
