import { classifyDatabaseError, isDatabaseUnavailable } from '@tds/db'
import { childLogger, codeOf, counter, messageOf, poller, type Service } from '@tds/runtime'

import { type JobName, jobNames } from './jobs.ts'

const log = childLogger('queue:upkeep')

/** For how long a failure is remembered: of several workers each does only some of the rounds. */
const rememberedMs = 300_000
/** So many failures of one queue within that time are no accident. */
const failuresThatCount = 3

const failed = counter({
  name: 'tds_queue_upkeep_failures_total',
  help: 'Rounds that were to give the jobs of the dead back and to delete what is old, and failed, by queue.',
  labelNames: ['queue'],
})

/** A queue whose jobs nobody looks after, because looking after them fails again and again. */
export interface FailingUpkeep {
  readonly queue: JobName
  /** Failures within the last five minutes. */
  readonly failures: number
  /** The latest one, in words. */
  readonly reason: string
}

/** Looking after the queues, and which of them it fails for. */
export interface Upkeep extends Service {
  failing(): FailingUpkeep[]
}

/** What looking after the queues needs. */
export interface UpkeepParts {
  readonly everySeconds: number
  /** One round for one queue. */
  readonly lookAfter: (queue: JobName) => Promise<void>
  /** Steady milliseconds. */
  readonly now?: () => number
}

/**
 * Looks after one queue at a time, so that a job which breaks the round of its queue leaves the others alone: pg-boss itself
 * does all queues in one statement. While Postgres is away nothing is held against a queue.
 */
export function queueUpkeep({ everySeconds, lookAfter, now = () => performance.now() }: UpkeepParts): Upkeep {
  const remembered = new Map<JobName, { readonly at: number; readonly reason: string }[]>()

  const looking = poller({
    name: 'queue-upkeep',
    everyMs: everySeconds * 1000,
    runOnce: async (signal) => {
      let failures = 0
      for (const queue of jobNames) {
        try {
          if (!signal.aborted) await lookAfter(queue)
        } catch (error) {
          if (signal.aborted || isAway(error)) throw classifyDatabaseError(error)
          note(queue, error)
          failures += 1
        }
      }
      return { failures }
    },
  })

  function note(queue: JobName, error: unknown): void {
    failed.inc({ queue })
    log.error('a queue is not looked after: the jobs of its dead workers stay where they are', {
      queue,
      error,
    })
    remembered.set(queue, [...recent(queue), { at: now(), reason: messageOf(error) }])
  }

  function recent(queue: JobName): { readonly at: number; readonly reason: string }[] {
    return (remembered.get(queue) ?? []).filter(({ at }) => at > now() - rememberedMs)
  }

  return {
    ...looking,
    failing: () =>
      jobNames.flatMap((queue) => {
        const failures = recent(queue)
        const latest = failures.at(-1)
        if (latest === undefined || failures.length < failuresThatCount) return []
        return [{ queue, failures: failures.length, reason: latest.reason }]
      }),
  }
}

/** A statement that runs too long may do so because of one queue; Postgres itself is there. */
function isAway(error: unknown): boolean {
  return isDatabaseUnavailable(error) && codeOf(error) !== '57014'
}
