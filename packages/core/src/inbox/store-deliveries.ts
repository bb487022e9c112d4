import { countDuplicates, insertInboxEvents, type Database, type Mover, type Transaction } from '@tds/db'
import type { Queue } from '@tds/queue'
import { TdsError } from '@tds/runtime'
import { carryEvents } from './carry-events.ts'
import type { IncomingEvent } from './incoming-event.ts'

/** What became of one delivery. */
export interface IntakeAnswer {
  /** The event that stands for it: its own, or the first of its kind. */
  readonly eventId: string
  readonly outcome: 'accepted' | 'duplicate' | 'quarantined'
  /** Why it was quarantined, and in words. */
  readonly reason: string | null
  readonly detail: string | null
}

/** What storing deliveries needs of its surroundings. */
export interface StoreParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly mover: Mover
  /**
   * The deliveries were promised earlier, each under its id: an attempt of then, or an earlier one of draining, may have
   * been committed, and the id is kept whatever Postgres says of the content.
   */
  readonly arePromised?: boolean
  /** Told of each attempt that failed and is made again. */
  readonly onSetback?: ((error: unknown) => void) | undefined
}

/** What earlier attempts at the same deliveries came to, and whether this one still makes sense. */
export interface StoreAttempt {
  /** One broke off without saying whether it was committed: a row with a delivery's own id may be its own. */
  readonly mayBeStored: boolean
  /** One failed, perhaps on a row that somebody holds: rows that are there are looked for before inserting. */
  readonly lookFirst: boolean
  /** Asked before the commit: what everybody was refused meanwhile is better not stored at all. */
  readonly isWanted: () => boolean
}

/**
 * Stores deliveries, their counters and their jobs in one transaction, and says for each, in the order given, what
 * became of it. Throws TdsError `intake_abandoned`, and stores nothing, when nobody wants it any more.
 */
export async function storeDeliveries(
  parts: StoreParts,
  deliveries: readonly IncomingEvent[],
  attempt: StoreAttempt,
): Promise<IntakeAnswer[]> {
  const groups = groupTwins(deliveries)
  await parts.db.transaction(
    async (tx) => {
      await settle(tx, groups, { mover: parts.mover, ...attempt })
      const fresh = groups.filter((group) => group.isNew && group.first.status === 'pending')
      await carryEvents(parts.queue, tx, { eventIds: fresh.map((group) => group.first.id) })
      if (!attempt.isWanted()) throw abandoned(deliveries.length)
    },
    // The first statement inserts rows; without the rest they are pending without a job, which the sweeper mends.
    { unawaitedBegin: true },
  )
  return answersOf(groups, deliveries.length)
}

/** Deliveries of one batch that are the same thing: one of them becomes the row, the others count on it. */
interface TwinGroup {
  readonly key: string
  readonly first: IncomingEvent
  /** Places in the batch, the first's own included. */
  readonly positions: number[]
  /** The event that stands for the group; null until that is settled. */
  eventId: string | null
  /** Whether that event is the group's own. */
  isOwn: boolean
  /** Whether its row was inserted in this transaction. */
  isNew: boolean
}

function groupTwins(deliveries: readonly IncomingEvent[]): TwinGroup[] {
  const groups = new Map<string, TwinGroup>()
  for (const [position, event] of deliveries.entries()) {
    const key = collisionKey(event)
    const known = groups.get(key)
    if (known !== undefined) known.positions.push(position)
    else
      groups.set(key, { key, first: event, positions: [position], eventId: null, isOwn: false, isNew: false })
  }
  // Every intake takes rows in the same order, so that two of them never wait for each other crosswise.
  return [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

// A delivery with a fold key has a nonce in its idempotency key: it can only collide through the former.
function collisionKey({ organizationId, foldKey, idempotencyKey }: IncomingEvent): string {
  return `${organizationId} ${foldKey ?? idempotencyKey}`
}

/** Rounds of finding a twin and losing it again to its claim, before a delivery is inserted past its twins. */
const mostRounds = 3

async function settle(
  tx: Transaction,
  groups: readonly TwinGroup[],
  o: StoreAttempt & { readonly mover: Mover },
): Promise<void> {
  let open = groups
  for (let round = 1; open.length > 0; round += 1) {
    if (round > 2 * mostRounds) throw unsettled(open.length)
    const inserted = await insertInboxEvents(
      tx,
      open.map((group) => rowOf(group, { foldable: round <= mostRounds })),
      { ...o.mover, lookFirst: o.lookFirst },
    )
    for (const group of open) {
      if (inserted.has(group.first.id)) claimRow(group, { eventId: group.first.id, isOwn: true, isNew: true })
    }
    await findTwins(
      tx,
      open.filter((group) => group.eventId === null),
      o,
    )
    open = open.filter((group) => group.eventId === null)
  }
}

async function findTwins(
  tx: Transaction,
  collided: readonly TwinGroup[],
  { mayBeStored }: StoreAttempt,
): Promise<void> {
  if (collided.length === 0) return
  const twins = await countDuplicates(
    tx,
    collided.map(({ first, positions }) => ({ ...first, times: positions.length })),
    { mayBeStored },
  )
  for (const [index, group] of collided.entries()) {
    const eventId = twins[index] ?? null
    if (eventId === null) continue
    claimRow(group, { eventId, isOwn: mayBeStored && eventId === group.first.id, isNew: false })
  }
}

function rowOf({ first, positions }: TwinGroup, { foldable }: { readonly foldable: boolean }) {
  return { ...first, foldKey: foldable ? first.foldKey : null, duplicates: positions.length - 1 }
}

function claimRow(group: TwinGroup, row: Pick<TwinGroup, 'eventId' | 'isOwn' | 'isNew'>): void {
  Object.assign(group, row)
}

function answersOf(groups: readonly TwinGroup[], deliveries: number): IntakeAnswer[] {
  const answers = new Array<IntakeAnswer>(deliveries)
  for (const { eventId, first, positions, isOwn } of groups) {
    if (eventId === null) throw unsettled(1)
    for (const [index, position] of positions.entries()) {
      answers[position] = isOwn && index === 0 ? newAnswer(first) : duplicateAnswer(eventId)
    }
  }
  return answers
}

function newAnswer({ id, status, errorCode, errorMessage }: IncomingEvent): IntakeAnswer {
  return status === 'pending'
    ? { eventId: id, outcome: 'accepted', reason: null, detail: null }
    : { eventId: id, outcome: 'quarantined', reason: errorCode, detail: errorMessage }
}

function duplicateAnswer(eventId: string): IntakeAnswer {
  return { eventId, outcome: 'duplicate', reason: null, detail: null }
}

function abandoned(deliveries: number): TdsError {
  return new TdsError('The deliveries were refused before they could be stored', {
    code: 'intake_abandoned',
    disposition: 'retry',
    nextStep: 'None: the senders were told to deliver again.',
    facts: { deliveries },
  })
}

function unsettled(deliveries: number): TdsError {
  return new TdsError('Deliveries collide with rows that cannot be found', {
    code: 'intake_unsettled',
    disposition: 'retry',
    nextStep:
      'None: the sender is asked to deliver again. If it goes on, look for a process that deletes inbox rows.',
    facts: { deliveries },
  })
}
