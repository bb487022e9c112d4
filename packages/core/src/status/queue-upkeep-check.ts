import type { FailingUpkeep, Queue } from '@tds/queue'
import type { HealthCheck, HealthResult } from '@tds/runtime'

/**
 * Tells of a queue that is looked after in vain, because its dead workers' jobs then stay where they are: the sweeper gives
 * their events new ones, but only after half a minute, and the table of jobs grows.
 */
export function queueUpkeepCheck(queue: Pick<Queue, 'failingUpkeep'>): HealthCheck {
  return { name: 'queue upkeep', check: () => judge(queue.failingUpkeep()) }
}

function judge(failing: readonly FailingUpkeep[]): HealthResult {
  if (failing.length === 0) return { status: 'healthy', detail: 'The queues are looked after.' }
  const told = failing.map(
    ({ queue, failures, reason }) =>
      `Looking after ${queue} failed ${String(failures)} times within five minutes: ${reason}.`,
  )
  const facts = Object.fromEntries(failing.map(({ queue, failures }) => [queue, failures]))
  return { status: 'degraded', detail: told.join(' '), facts }
}
