import { childLogger, gauge, poller, serviceGroup, service, type Service } from '@tds/runtime'

import type { Database } from './database.ts'
import { leaseCandidate, leaseSeconds, type LeaderLease } from './leader-lease.ts'

const log = childLogger('db:duty')
const leading = gauge({
  name: 'tds_duty_led',
  help: '1 where this process leads the duty, 0 where another one does.',
  labelNames: ['duty'],
})

/** A thing that one process at a time does again and again. */
export interface LeaderDutyOptions {
  readonly name: string
  readonly db: Database
  /** The daemon: the identity of this one start. */
  readonly holder: string
  /** From the end of a pass to the next one, in milliseconds; a function is asked every time. */
  readonly everyMs: number | (() => number)
  /**
   * One pass, done only while this process leads. Each of its writes begins with `lease.guard(tx)`. Returns what it did as
   * numbers, as every poller does. The signal aborts when the duty is being stopped or the term is over.
   */
  readonly runOnce: (lease: LeaderLease, signal: AbortSignal) => Promise<Record<string, number>>
  /** Default 30 s; tests shorten it. Renewed in thirds, asked for in sixths. */
  readonly ttlSeconds?: number | undefined
}

/**
 * Makes a duty a service: every daemon that has it stands for it, the one that leads does it, and the next takes over when
 * that one stops or dies. Stopping waits for the pass in flight and gives the duty up at once.
 */
export function leaderDuty(options: LeaderDutyOptions): Service {
  const { name, db, holder, ttlSeconds = leaseSeconds } = options
  const candidate = leaseCandidate({ db, name, holder, ttlSeconds })
  const work = poller({
    name,
    everyMs: options.everyMs,
    runOnce: async (stopping) => {
      const lease = candidate.current()
      if (lease === null) return { led: 0 }
      const did = await options.runOnce(lease, AbortSignal.any([stopping, lease.signal]))
      return { led: 1, ...did }
    },
  })
  const campaign = poller({
    name: `${name}-lease`,
    everyMs: () => (ttlSeconds * 1000) / (candidate.current() === null ? 6 : 3),
    // The spread of start-ups is enough; a late renewal costs the lease.
    jitter: 0.05,
    runOnce: async () => {
      const led = candidate.current()
      const lease = await candidate.campaign()
      leading.set({ duty: name }, lease === null ? 0 : 1)
      if (lease !== null && lease !== led) work.wake()
      return { leads: lease === null ? 0 : 1 }
    },
  })
  const resignation = service({
    name: `${name}-resignation`,
    start: () => undefined,
    stop: async () => {
      leading.set({ duty: name }, 0)
      await candidate.resign().catch((error: unknown) => {
        log.warn('a lease could not be given up; it runs out by itself', { duty: name, error })
      })
    },
  })
  // Stopped from the end: the pass in flight first, then the renewing, then the lease itself.
  return serviceGroup(name, [resignation, campaign, work])
}
