import {
  doesLiveWorkWait,
  openOperations,
  type ItemOutcome,
  type LeaderLease,
  type OpenOperation,
} from '@tds/db'
import { carryEvents } from '../inbox/carry-events.ts'
import { processEvents, type ProcessingParts } from '../inbox/process-events.ts'
import { beginItems } from './begin-items.ts'
import { endItems } from './end-items.ts'
import type { ReplayPace } from './replay-pace.ts'

/** What carrying out replays needs. */
export interface ReplayParts extends ProcessingParts {
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly signal: AbortSignal
  /** Keeps what runs beside other work from what must run alone. */
  readonly together: <T>(work: () => Promise<T>) => Promise<T>
  readonly pace: ReplayPace
}

/** What one pass of replaying did. */
export interface ReplayReport {
  /** Replays that are not at their end yet. */
  readonly open: number
  readonly begun: number
  readonly outcomes: readonly ItemOutcome[]
}

/** Deliveries that wait longer than this have the right of way. */
const liveWaitSeconds = 2
/** Items in one transaction. */
const itemsAtOnce = 50

/**
 * One pass over every replay under way: begins as many items as its pace allows, processes them here and not in the queue of
 * live deliveries, and notes what became of them. While live deliveries wait, one item a second is begun.
 */
export async function performReplays(parts: ReplayParts): Promise<ReplayReport> {
  const outcomes: ItemOutcome[] = []
  let begun = 0
  const operations = await openOperations(parts.db)
  for (const operation of operations) {
    let left = operation.status === 'running' ? await allowance(parts, operation) : 0
    for (;;) {
      const ids = left > 0 ? await beginItems(parts, operation, Math.min(left, itemsAtOnce)) : []
      if (ids.length > 0) await process(parts, ids)
      outcomes.push(...(await endItems(parts, operation)))
      begun += ids.length
      left -= itemsAtOnce
      if (ids.length === 0 || left <= 0 || parts.signal.aborted) break
    }
  }
  return { open: operations.length, begun, outcomes }
}

async function allowance({ db, pace }: ReplayParts, operation: OpenOperation): Promise<number> {
  const rate = (await doesLiveWorkWait(db, liveWaitSeconds)) ? 1 : operation.rate_per_second
  return pace.take(operation.id, rate)
}

/** What has killed a worker runs alone, where the worker sees to that. */
async function process(parts: ReplayParts, ids: readonly string[]): Promise<void> {
  const { isolated } = await parts.together(() => processEvents(parts, ids))
  if (isolated.length === 0) return
  await parts.db.transaction((tx) => carryEvents(parts.queue, tx, { eventIds: isolated }))
}
