import { childLogger, systemClock, TdsError, type Clock } from '@tds/runtime'

import type { Database } from './database.ts'
import type { Transaction } from './queryable.ts'
import { endLease, holdLease, renewLease, takeLease, type LeaseTerm } from './sql/leader-leases.ts'

const log = childLogger('db:lease')

/** Seconds that a lease lasts unless it is renewed. */
export const leaseSeconds = 30

/** A term of leading one duty, as the duty sees it. */
export interface LeaderLease {
  readonly name: string
  readonly epoch: string
  /** Aborts when the term is over or can no longer be known to last. Stop then; a write would be refused anyway. */
  readonly signal: AbortSignal
  /**
   * Makes the caller's transaction count only while this term lasts: call it first. Nobody takes the duty over before
   * the transaction has ended.
   *
   * @throws TdsError `lease_lost` when the term is over; then nothing may be written.
   */
  guard(tx: Transaction): Promise<void>
}

/** One candidate for one duty. */
export interface LeaseCandidate {
  /** The term that is on, or null. */
  current(): LeaderLease | null
  /** Takes the lease if it is to be had, or renews it; returns the term that is on afterwards. */
  campaign(): Promise<LeaderLease | null>
  /** Gives the duty up at once. Safe where it is not held. */
  resign(): Promise<void>
}

/** Who stands for which duty. */
export interface LeaseCandidateOptions {
  readonly db: Database
  readonly name: string
  /** The daemon: the identity of this one start. */
  readonly holder: string
  readonly ttlSeconds?: number | undefined
  readonly clock?: Clock | undefined
}

interface Term {
  readonly lease: LeaderLease
  readonly row: LeaseTerm
  readonly over: AbortController
  /** On this machine's monotonic clock: from then on others may lead, whatever we have heard. */
  lastsUntilMs: number
}

/**
 * Stands for a duty that one process leads at a time. The row in `tds_leases` and the clock of the database decide; what
 * this process believes only makes it stop early. Each term has an epoch, and a write of an earlier one is refused.
 */
export function leaseCandidate(options: LeaseCandidateOptions): LeaseCandidate {
  const { db, name, holder, ttlSeconds = leaseSeconds, clock = systemClock } = options
  let term: Term | null = null
  return { current, campaign, resign }

  function current(): LeaderLease | null {
    if (term !== null && clock.monotonicMs() >= term.lastsUntilMs) drop('it was not renewed in time')
    return term?.lease ?? null
  }

  async function campaign(): Promise<LeaderLease | null> {
    // From before the request: the row counts from when the database saw it, which is later.
    const lastsUntilMs = clock.monotonicMs() + ttlSeconds * 1000
    if (current() !== null && term !== null) {
      if (await renewLease(db, term.row, ttlSeconds)) {
        term.lastsUntilMs = lastsUntilMs
        return term.lease
      }
      drop('its term is over')
    }
    const row = await takeLease(db, { name, holder, ttlSeconds })
    if (row === null) return null
    term = begin(row, lastsUntilMs)
    log.info('leads a duty', { duty: name, epoch: row.epoch })
    return term.lease
  }

  async function resign(): Promise<void> {
    const row = term?.row
    drop('it was given up')
    if (row !== undefined) await endLease(db, row)
  }

  function drop(why: string): void {
    if (term === null) return
    log.info('leads a duty no longer', { duty: name, epoch: term.row.epoch, why })
    term.over.abort()
    term = null
  }
}

function begin(row: LeaseTerm, lastsUntilMs: number): Term {
  const over = new AbortController()
  const lease = {
    name: row.name,
    epoch: row.epoch,
    signal: over.signal,
    guard: async (tx: Transaction) => guard(row, tx),
  }
  return { lease, row, over, lastsUntilMs }
}

async function guard(row: LeaseTerm, tx: Transaction): Promise<void> {
  if (await holdLease(tx, row)) return
  log.warn('a late write was refused', { duty: row.name, epoch: row.epoch })
  throw new TdsError(`The term ${row.epoch} of leading ${row.name} is over`, {
    code: 'lease_lost',
    disposition: 'retry',
    nextStep: 'None: whoever leads the duty now goes on with it.',
    facts: { duty: row.name, epoch: row.epoch },
  })
}
