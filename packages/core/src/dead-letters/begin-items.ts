import {
  insertSyncLogs,
  lockOperation,
  moveItems,
  settleDeadLetters,
  waitingItems,
  type Database,
  type DeadLetterEnd,
  type ItemMove,
  type LeaderLease,
  type Mover,
  type OpenOperation,
  type StoredItem,
  type Transaction,
} from '@tds/db'
import { logOfStep, moveSettled } from '../quarantine/operator-work.ts'
import { holdLetters, settledEvents, type HeldLetter } from './letter-events.ts'

/**
 * Gives the next items of a replay to the worker: their events wait again, their counters move, in one transaction under
 * the lease. Returns the events that the caller processes at once; were it to die before that, the sweeper finds them.
 */
export async function beginItems(
  parts: { readonly db: Database; readonly mover: Mover; readonly lease: Pick<LeaderLease, 'guard'> },
  operation: OpenOperation,
  limit: number,
): Promise<string[]> {
  return parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
    // Whoever aborts it waits for this; after that nothing more is begun.
    const standing = await lockOperation(tx, operation.id)
    if (standing?.status !== 'running') return []
    const items = await waitingItems(tx, operation.id, limit)
    const held = await holdLetters(
      tx,
      items.map((item) => item.dead_letter_id),
    )
    const moves: ItemMove[] = []
    const eventIds: string[] = []
    for (const item of items) {
      const letter = held.get(item.dead_letter_id)
      const move = moveOf(item, letter)
      moves.push(move)
      if (move.state !== 'queued' || letter === undefined) continue
      await requeue(tx, parts.mover, { letter, operationId: operation.id })
      eventIds.push(...move.eventIds)
    }
    await settleDeadLetters(tx, endsOf(held, operation))
    await moveItems(tx, operation.id, moves)
    return eventIds
  })
}

function moveOf({ place }: StoredItem, held: HeldLetter | undefined): ItemMove {
  if (held === undefined)
    return { place, state: 'done', outcome: 'settled', detail: 'the dead letter is gone' }
  const { letter, dead, busy, events } = held
  if (letter.status !== 'open') {
    const detail = `${letter.status} by ${letter.resolved_by ?? 'nobody'}: ${letter.resolution_notes ?? ''}`
    return { place, state: 'done', outcome: 'settled', detail }
  }
  if (busy.length > 0)
    return { place, state: 'done', outcome: 'busy', detail: 'its events are being processed already' }
  const last = events.at(-1)
  if (dead.length === 0 && last !== undefined)
    return { place, state: 'done', outcome: 'settled', detail: endedWell(last.status) }
  if (dead.length === 0)
    return { place, state: 'done', outcome: 'failed', detail: 'it has no event that could be processed' }
  return { place, state: 'queued', eventIds: dead.map((event) => event.id) }
}

function endedWell(status: string): string {
  return `its event is ${status} already`
}

/** Letters whose events have all ended well, which nobody has written down: whoever replayed them is about to, or died. */
function endsOf(held: ReadonlyMap<string, HeldLetter>, operation: OpenOperation): DeadLetterEnd[] {
  return [...held.values()].flatMap(({ letter, dead, busy, events }) => {
    const last = events.at(-1)
    if (dead.length + busy.length > 0 || last === undefined) return []
    return [{ id: letter.id, status: 'replayed', by: operation.requested_by, note: endedWell(last.status) }]
  })
}

async function requeue(
  tx: Transaction,
  mover: Mover,
  { letter, operationId }: { readonly letter: HeldLetter; readonly operationId: string },
): Promise<void> {
  const events = settledEvents(letter)
  await moveSettled(tx, mover, { events, to: 'pending' })
  const step = { outcome: 'requeued', detail: `replayed by operation ${operationId}` }
  await insertSyncLogs(
    tx,
    events.map((event) => logOfStep(event, mover, step)),
  )
}
