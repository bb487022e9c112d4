import {
  insertSyncLogs,
  lockEvents,
  reopenDeadLetter,
  restoreEvents,
  transactOrRehearse,
  type StoredDeadLetter,
  type Transaction,
} from '@tds/db'
import { codeOf, TdsError } from '@tds/runtime'
import {
  logOfStep,
  moveSettled,
  noteAction,
  type OperatorParts,
  type OperatorRequest,
  type SettledEvent,
} from '../quarantine/operator-work.ts'
import { letterNotDiscarded, letterNotFound, letterOutdated } from './letter-errors.ts'
import { holdLetters } from './letter-events.ts'

/** What became of a dead letter that was to be restored, or would become of it. */
export interface LetterRestore {
  readonly letterId: string
  readonly outcome: 'restored' | 'not_found' | 'not_discarded' | 'outdated'
  readonly events: number
  /** Why not; null for a good end. */
  readonly detail: string | null
}

/**
 * Opens discarded dead letters again, with a person's reason: their events are dead again, and can be replayed. Where the
 * inbox has forgotten the event it is made again from the letter. Each is a transaction of its own.
 */
export async function restoreLetters(
  parts: Pick<OperatorParts, 'db' | 'mover'>,
  ids: readonly string[],
  request: OperatorRequest & { readonly reason: string },
): Promise<LetterRestore[]> {
  const done: LetterRestore[] = []
  for (const id of new Set(ids)) done.push(await restoreOne(parts, id, request))
  return done
}

async function restoreOne(
  parts: Pick<OperatorParts, 'db' | 'mover'>,
  letterId: string,
  request: OperatorRequest & { readonly reason: string },
): Promise<LetterRestore> {
  try {
    return await transactOrRehearse(parts.db, request, async (tx) => {
      const held = (await holdLetters(tx, [letterId])).get(letterId)
      if (held === undefined) throw letterNotFound(letterId)
      const { letter } = held
      if (letter.status !== 'discarded') throw letterNotDiscarded(letter)
      if (!(await reopenDeadLetter(tx, letterId).catch(falseWhereTaken))) throw letterOutdated(letterId)
      const events = await discardedEvents(tx, letter)
      await moveSettled(tx, parts.mover, { events, to: 'dead_letter' })
      const step = { outcome: 'reopened', detail: request.reason }
      await insertSyncLogs(
        tx,
        events.map((event) => logOfStep(event, parts.mover, step)),
      )
      const facts = { discardedBy: letter.resolved_by, events: events.map((event) => event.id) }
      await noteAction(tx, request, { action: 'dead_letter.restore', subject: letterId, facts })
      return { letterId, outcome: 'restored', events: events.length, detail: null }
    })
  } catch (error) {
    const outcome = error instanceof TdsError ? outcomes[error.code] : undefined
    if (outcome === undefined) throw error
    return { letterId, outcome, events: 0, detail: error instanceof Error ? error.message : null }
  }
}

/** The same failure was given up on in the same moment: its letter was not to be seen yet, and took the place of this one. */
function falseWhereTaken(error: unknown): false {
  if (codeOf(error) === '23505') return false
  throw error
}

/**
 * The events that were discarded with the letter. One whose row was forgotten is still counted as discarded, although its
 * new row says otherwise.
 */
async function discardedEvents(tx: Transaction, letter: StoredDeadLetter): Promise<SettledEvent[]> {
  const isMadeAgain = (await restoreEvents(tx, [letter.id])) > 0
  const events = await lockEvents(tx, letter.event_ids)
  return events
    .filter(({ id, status }) => status === 'discarded' || (isMadeAgain && id === letter.event_id))
    .map((event) => ({
      ...event,
      status: 'discarded',
      error_code: letter.error_code,
      error_message: letter.failure_reason,
    }))
}

const outcomes: Readonly<Record<string, LetterRestore['outcome']>> = {
  dead_letter_not_found: 'not_found',
  dead_letter_not_discarded: 'not_discarded',
  dead_letter_outdated: 'outdated',
}
