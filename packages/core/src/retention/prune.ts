import { planFreely, prunables, pruneOldRows, type Database, type LeaderLease, type Prunable } from '@tds/db'
import { systemClock, type Clock } from '@tds/runtime'

/** What a pass of pruning needs. */
export interface PruningParts {
  readonly db: Database
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly signal: AbortSignal
  /** Rows in one transaction, default 1,000: short enough that nobody waits for its locks. */
  readonly batch?: number | undefined
  /** No new batch is begun after so many milliseconds, default 20 s. */
  readonly budgetMs?: number | undefined
  readonly clock?: Clock | undefined
}

/** What a pass did: rows by what they were, and whether its time was over before its work. */
export interface PruningReport {
  readonly pruned: Readonly<Record<Prunable, number>>
  readonly unfinished: boolean
}

/**
 * One pass of retention: takes a batch of everything in turn, so that a mountain of one kind does not keep the others
 * waiting, until nothing is too old any more or the time is over. Each batch is a transaction of its own, guarded by the
 * lease, and may be the last one.
 */
export async function pruneOnce(parts: PruningParts): Promise<PruningReport> {
  const { batch = 1000, budgetMs = 20_000, clock = systemClock } = parts
  const endsAtMs = clock.monotonicMs() + budgetMs
  const pruned = Object.fromEntries(prunables.map((what) => [what, 0])) as Record<Prunable, number>
  let open = [...prunables]
  while (open.length > 0) {
    for (const what of open) {
      if (parts.signal.aborted || clock.monotonicMs() >= endsAtMs) return { pruned, unfinished: true }
      const rows = await pruneBatch(parts, what, batch)
      pruned[what] += rows
      if (rows < batch) open = open.filter((other) => other !== what)
    }
  }
  return { pruned, unfinished: false }
}

async function pruneBatch({ db, lease }: PruningParts, what: Prunable, batch: number): Promise<number> {
  return db.transaction(async (tx) => {
    await lease.guard(tx)
    await planFreely(tx)
    return pruneOldRows(tx, what, batch)
  })
}
