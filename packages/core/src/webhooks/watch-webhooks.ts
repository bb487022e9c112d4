import {
  beginWebhookWatches,
  countWebhooks,
  judgeFirstSights,
  type Database,
  type JudgedSights,
  type LeaderLease,
} from '@tds/db'
import { entities } from '../entities/index.ts'

/** What watching needs of its surroundings. */
export interface WebhookWatchParts {
  readonly db: Database
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly signal: AbortSignal
  /** Sights judged in one transaction, default 1,000. */
  readonly batch?: number
}

/** Judges every version first seen by a read ten minutes ago or more; returns what that came to by type. */
export async function judgeSights({
  db,
  lease,
  signal,
  batch = 1000,
}: WebhookWatchParts): Promise<JudgedSights[]> {
  const sums = new Map<string, JudgedSights>()
  for (let full = true; full && !signal.aborted;) {
    const judged = await db.transaction(async (tx) => {
      await lease.guard(tx)
      return judgeFirstSights(tx, batch)
    })
    for (const one of judged) {
      const { judged: some = 0, missed = 0 } = sums.get(one.entity_type) ?? {}
      sums.set(one.entity_type, { ...one, judged: some + one.judged, missed: missed + one.missed })
    }
    full = judged.reduce((sum, one) => sum + one.judged, 0) >= batch
  }
  return [...sums.values()]
}

/**
 * Counts the webhooks of the last hours by type, and begins to watch the types of which Zoho sends any. Returns how many were
 * counted.
 */
export async function countWatchedWebhooks(
  { db, lease }: WebhookWatchParts,
  organizationId: string,
): Promise<number> {
  const entityTypes = entities.filter(({ source }) => source.webhooks).map(({ type }) => type)
  return db.transaction(async (tx) => {
    await lease.guard(tx)
    await beginWebhookWatches(tx, { organizationId, entityTypes })
    return countWebhooks(tx, organizationId)
  })
}
