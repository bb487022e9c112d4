import type { Transaction } from '@tds/db'
import type { Queue } from '@tds/queue'

/** Events that one job carries at most: enough that jobs cost next to nothing, few enough that a worker's fetch stays small. */
const eventsPerJob = 100

/**
 * Below the jobs of what is new, which have 0. Each kind has a loop of its own in every worker: a pile of events that fail
 * does not hold up what has just come, and a stream of new ones does not starve those.
 */
export const retryPriority = -1

/**
 * Gives events to the queue in the caller's transaction. A job carries many: a job for each would cost Postgres half as
 * much again as the event itself, three times over (inserted, fetched, deleted).
 */
export async function carryEvents(
  queue: Pick<Queue, 'send'>,
  tx: Transaction,
  o: { readonly eventIds: readonly string[]; readonly delaySeconds?: number; readonly priority?: number },
): Promise<void> {
  const { eventIds, delaySeconds = 0, priority = 0 } = o
  if (eventIds.length === 0) return
  const jobs = []
  for (let first = 0; first < eventIds.length; first += eventsPerJob) {
    jobs.push({ data: { eventIds: eventIds.slice(first, first + eventsPerJob) }, priority, delaySeconds })
  }
  await queue.send(tx, 'apply-events', jobs)
}
