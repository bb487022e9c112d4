import { settleDeadLetters, selectOpenDeadLetters, transactOrRehearse, type DeadLetterFilter } from '@tds/db'
import { TdsError } from '@tds/runtime'
import {
  discardEvents,
  noteAction,
  type OperatorParts,
  type OperatorRequest,
} from '../quarantine/operator-work.ts'
import { letterBusy, letterNotFound, letterSettled, selectionDiffers } from './letter-errors.ts'
import { holdLetters, settledEvents } from './letter-events.ts'

/** What became of a dead letter that was to be discarded, or would become of it. */
export interface LetterDiscard {
  readonly letterId: string
  readonly outcome: 'discarded' | 'not_found' | 'settled' | 'busy'
  readonly events: number
  /** Why not; null for a good end. */
  readonly detail: string | null
}

/**
 * Ends dead letters for good, with a person's reason: their events are discarded and nothing of them is applied. Each is a
 * transaction of its own.
 *
 * @throws TdsError `selection_differs`.
 */
export async function discardLetters(
  parts: Pick<OperatorParts, 'db' | 'mover'>,
  o: {
    readonly organizationId: string
    readonly filter: DeadLetterFilter
    readonly expected?: number | undefined
  },
  request: OperatorRequest & { readonly reason: string },
): Promise<LetterDiscard[]> {
  const { filter, organizationId, expected } = o
  const ids = filter.ids ?? (await selectOpenDeadLetters(parts.db, { ...filter, organizationId }))
  if (expected !== undefined && expected !== ids.length) throw selectionDiffers(expected, ids.length)
  const done: LetterDiscard[] = []
  for (const id of new Set(ids)) done.push(await discardOne(parts, id, request))
  return done
}

async function discardOne(
  parts: Pick<OperatorParts, 'db' | 'mover'>,
  letterId: string,
  request: OperatorRequest & { readonly reason: string },
): Promise<LetterDiscard> {
  try {
    return await transactOrRehearse(parts.db, request, async (tx) => {
      const held = (await holdLetters(tx, [letterId])).get(letterId)
      if (held === undefined) throw letterNotFound(letterId)
      const { letter, dead, busy } = held
      if (letter.status !== 'open') throw letterSettled(letter)
      if (busy.length > 0) throw letterBusy(letterId)
      await discardEvents(tx, parts, { events: settledEvents(held), why: request.reason })
      const { actor: by, reason: note } = request
      await settleDeadLetters(tx, [{ id: letterId, status: 'discarded', by, note }])
      const facts = { class: letter.class, code: letter.error_code, events: dead.map((event) => event.id) }
      await noteAction(tx, request, { action: 'dead_letter.discard', subject: letterId, facts })
      return { letterId, outcome: 'discarded', events: dead.length, detail: null }
    })
  } catch (error) {
    const outcome = error instanceof TdsError ? outcomes[error.code] : undefined
    if (outcome === undefined) throw error
    return { letterId, outcome, events: 0, detail: error instanceof Error ? error.message : null }
  }
}

const outcomes: Readonly<Record<string, LetterDiscard['outcome']>> = {
  dead_letter_not_found: 'not_found',
  dead_letter_settled: 'settled',
  dead_letter_busy: 'busy',
}
