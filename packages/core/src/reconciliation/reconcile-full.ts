import {
  addToRun,
  countLiving,
  endRun,
  longestUnread,
  planCalls,
  plannedCalls,
  type ReadRequest,
  type RunCounts,
} from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { noCounts } from '../scan/apply-listed.ts'
import type { ListParts } from '../scan/read-list.ts'
import { askForReads } from '../sync/ask-for-reads.ts'
import { recordTableOf } from '../sync/record-table.ts'
import type { ReconciliationWish } from './index-run.ts'
import { fullMode } from './settle-difference.ts'

/** What reading details in turn needs besides. */
export interface FullParts extends ListParts {
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
  const { organizationId, entity, runId } = wish
  const owner = { organizationId, entityType: entity.type }
  const left = Math.max(0, parts.callsPerDay() - (await plannedCalls(db, { organizationId, mode: fullMode })))
  const allowed = Math.min(left, await shareOf(parts, wish))
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

/** Types marked `wholeFirst` have their calls kept for them, whichever type comes first; the others share what is left. */
async function shareOf({ db, callsPerDay, entities }: FullParts, wish: ReconciliationWish): Promise<number> {
  if (wish.entity.wholeFirst) return callsPerDay()
  let shared = callsPerDay()
  for (const entity of entities.filter(({ wholeFirst }) => wholeFirst)) {
    const { organizationId } = wish
    shared -= await countLiving(db, recordTableOf(entity), { organizationId, upTo: callsPerDay() })
  }
  const sharing = entities.filter(({ wholeFirst }) => !wholeFirst).length
  return Math.max(0, Math.ceil(shared / Math.max(1, sharing)))
}
