import {
  eventsWithoutJob,
  eventsWithoutRead,
  forgetOldReads,
  holdSweep,
  isolateEvents,
  lockWaitingEvents,
  planFreely,
  readsWithoutJob,
  takeAbandonedClaims,
  type Database,
  type Mover,
  type Transaction,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { reopenRedelivered } from '../quarantine/reopen.ts'
import { askForReads, sendReads } from '../sync/ask-for-reads.ts'
import { carryEvents } from './carry-events.ts'
import { recordFates } from './event-fate.ts'
import { failure } from './failure.ts'

/** What the sweeper needs to know of its surroundings. */
export interface SweepParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly mover: Mover
}

/** An event that was alone in a worker's hands this many times when the worker died is the one that kills. */
const killerDeaths = 3
const sweepLimit = 5000

/** One pass that takes back events and reads that dead workers held; runs often, because somebody waits for them. */
export async function takeBackWork(parts: SweepParts): Promise<Record<string, number>> {
  return parts.db.transaction(async (tx) => {
    await planFreely(tx)
    const takenBack = await takeBackClaims(parts, tx)
    const reads = await readsWithoutJob(tx, sweepLimit)
    await sendReads(parts.queue, tx, reads)
    return { takenBack, readsRescued: reads.length }
  })
}

/**
 * One pass of the sweeper: gives a new job to whatever the inbox holds unfinished and no job carries.
 * The inbox is the truth, the queue only a carrier: losing every job costs one pass. What people had discarded and was
 * delivered again comes back into quarantine.
 */
export async function sweepInbox(parts: SweepParts): Promise<Record<string, number>> {
  return parts.db.transaction(async (tx) => {
    if (!(await holdSweep(tx))) return {}
    await planFreely(tx)
    const orphans = await eventsWithoutJob(tx, sweepLimit)
    await carryEvents(parts.queue, tx, { eventIds: orphans })
    const unread = await eventsWithoutRead(tx, sweepLimit)
    await askForReads(
      parts.queue,
      tx,
      unread.map((event) => ({ ...event, reason: 'event' as const, delaySeconds: 0 })),
    )
    const reopened = await reopenRedelivered(tx, parts.mover)
    await forgetOldReads(tx, sweepLimit)
    return { rescued: orphans.length, askedAgain: unread.length, reopened }
  })
}

async function takeBackClaims(parts: SweepParts, tx: Transaction): Promise<number> {
  let takenBack = 0
  for (const claim of await takeAbandonedClaims(tx)) {
    if (!claim.died) {
      await carryEvents(parts.queue, tx, { eventIds: claim.event_ids })
      continue
    }
    const waiting = await isolateEvents(tx, claim.event_ids, { countsDeath: claim.alone })
    const killers = waiting.filter((event) => event.deaths >= killerDeaths).map((event) => event.id)
    await giveUpKillers(parts, tx, killers)
    await carryEvents(parts.queue, tx, {
      eventIds: waiting.filter((event) => event.deaths < killerDeaths).map((event) => event.id),
    })
    takenBack += waiting.length
  }
  return takenBack
}

async function giveUpKillers(parts: SweepParts, tx: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const startedAt = performance.now()
  const events = await lockWaitingEvents(tx, ids)
  const killed = failure(
    'killer',
    'killed_worker',
    `${String(killerDeaths)} workers died while they processed it alone`,
  )
  await recordFates(parts, tx, {
    fates: events.map((event) => ({ event, status: 'dead_letter' as const, failure: killed })),
    startedAt,
  })
}
