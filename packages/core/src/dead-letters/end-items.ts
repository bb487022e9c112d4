import {
  changeOperation,
  countItems,
  endedItems,
  lockOperation,
  moveItems,
  otherLetterOf,
  settleDeadLetters,
  type Database,
  type DeadLetterEnd,
  type ItemMove,
  type ItemOutcome,
  type LeaderLease,
  type OpenOperation,
  type StoredItem,
  type Transaction,
} from '@tds/db'
import { readInstant } from '../sync/instant.ts'
import { holdLetters, type HeldLetter } from './letter-events.ts'

/** Under so many finished items a share of failures says nothing. */
const fewItems = 10

/**
 * Notes what became of the items that the worker has ended, settles their letters, and ends the operation, or stops it
 * because too much fails. Returns the outcomes noted.
 */
export async function endItems(
  parts: { readonly db: Database; readonly lease: Pick<LeaderLease, 'guard'> },
  operation: OpenOperation,
): Promise<ItemOutcome[]> {
  return parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
    const standing = await lockOperation(tx, operation.id)
    if (standing === null || standing.status === 'completed') return []
    const items = await endedItems(tx, operation.id)
    const held = await holdLetters(
      tx,
      items.map((item) => item.dead_letter_id),
    )
    const ended: Ended[] = []
    for (const item of items)
      ended.push(await endOf(tx, item, { held: held.get(item.dead_letter_id), operation }))
    await settleDeadLetters(
      tx,
      ended.flatMap(({ letter }) => letter ?? []),
    )
    await moveItems(
      tx,
      operation.id,
      ended.map(({ move }) => move),
    )
    await judge(tx, standing)
    return ended.map(({ move }) => move.outcome)
  })
}

interface Ended {
  readonly move: ItemMove & { readonly state: 'done' }
  readonly letter: DeadLetterEnd | null
}

async function endOf(
  tx: Transaction,
  item: StoredItem,
  o: { readonly held: HeldLetter | undefined; readonly operation: OpenOperation },
): Promise<Ended> {
  const { held, operation } = o
  if (held === undefined)
    return endedItem(item, 'settled', { detail: 'the dead letter is gone', letter: null })
  const { letter, events } = held
  const own = events.filter((event) => item.event_ids.includes(event.id))
  const dead = own.find((event) => event.status === 'dead_letter')
  if (dead !== undefined) return failedAgain(tx, item, { held, operation, eventId: dead.id })
  const status = own.at(-1)?.status ?? 'settled'
  if (!isGoodEnd(status))
    return endedItem(item, 'settled', { detail: `its event is ${status}`, letter: null })
  // Another event may have died under the same letter meanwhile: it stays open for that one.
  const isOver = held.dead.length === 0
  const note = `${status} by operation ${operation.id}`
  const end: DeadLetterEnd = { id: letter.id, status: 'replayed', by: operation.requested_by, note }
  return endedItem(item, status, { detail: null, letter: isOver ? end : null })
}

function isGoodEnd(status: string): status is 'applied' | 'unchanged' | 'stale' {
  return status === 'applied' || status === 'unchanged' || status === 'stale'
}

/** The same failure counted on the letter, which stays open; another one has made a letter of its own. */
async function failedAgain(
  tx: Transaction,
  item: StoredItem,
  o: { readonly held: HeldLetter; readonly operation: OpenOperation; readonly eventId: string },
): Promise<Ended> {
  const { letter } = o.held
  const isSame = item.queued_at !== null && readInstant(letter.last_seen_at) >= readInstant(item.queued_at)
  if (isSame)
    return endedItem(item, 'failed', {
      detail: `${letter.error_code ?? ''}: ${letter.failure_reason}`,
      letter: null,
    })
  const other = await otherLetterOf(tx, { eventId: o.eventId, letterId: letter.id })
  if (other === null) return endedItem(item, 'failed', { detail: 'it failed again', letter: null })
  const note = `failed otherwise in operation ${o.operation.id}: see dead letter ${other}`
  const end: DeadLetterEnd = { id: letter.id, status: 'resolved', by: o.operation.requested_by, note }
  return endedItem(item, 'failed', { detail: `failed otherwise: see dead letter ${other}`, letter: end })
}

function endedItem(
  { place }: StoredItem,
  outcome: ItemOutcome,
  o: { readonly detail: string | null; readonly letter: DeadLetterEnd | null },
): Ended {
  return { move: { place, state: 'done', outcome, detail: o.detail }, letter: o.letter }
}

async function judge(tx: Transaction, operation: OpenOperation): Promise<void> {
  const { open, tried, failed } = await countItems(tx, operation.id)
  if (open === 0) {
    await changeOperation(tx, operation.id, { to: 'completed', note: null })
    return
  }
  const { status, stop_on_error_percent: percent } = operation
  if (status !== 'running' || percent >= 100 || tried < fewItems || failed * 100 < tried * percent) return
  const note = `${String(failed)} of ${String(tried)} failed, which is ${String(percent)} % or more`
  await changeOperation(tx, operation.id, { to: 'stopped', note })
}
