import {
  assignDeadLetters,
  lockDeadLetters,
  selectOpenDeadLetters,
  transactOrRehearse,
  type Database,
  type DeadLetterFilter,
} from '@tds/db'
import { noteAction, type OperatorRequest } from '../quarantine/operator-work.ts'
import { letterNotFound, letterSettled, selectionDiffers } from './letter-errors.ts'

/** Dead letters that somebody looks after, or would. */
export interface AssignedLetters {
  readonly letterIds: readonly string[]
  /** How many of them somebody else, or nobody, looked after before. */
  readonly changed: number
}

/**
 * Says who looks after open dead letters, all of them or none; null for nobody.
 *
 * @throws TdsError `dead_letter_not_found` and `dead_letter_settled` for an id that names no open one, `selection_differs`.
 */
export async function assignLetters(
  db: Database,
  o: {
    readonly organizationId: string
    readonly filter: DeadLetterFilter
    readonly expected?: number | undefined
    readonly to: string | null
  },
  request: OperatorRequest,
): Promise<AssignedLetters> {
  const { filter, organizationId, expected, to } = o
  return transactOrRehearse(db, request, async (tx) => {
    const ids = filter.ids ?? (await selectOpenDeadLetters(tx, { ...filter, organizationId }))
    if (expected !== undefined && expected !== ids.length) throw selectionDiffers(expected, ids.length)
    const letters = new Map((await lockDeadLetters(tx, ids)).map((letter) => [letter.id, letter]))
    for (const id of ids) {
      const letter = letters.get(id)
      if (letter === undefined) throw letterNotFound(id)
      if (letter.status !== 'open') throw letterSettled(letter)
    }
    const changed = await assignDeadLetters(tx, { ids, to })
    for (const id of changed) {
      const facts = { from: letters.get(id)?.assigned_to ?? null, to }
      await noteAction(tx, request, { action: 'dead_letter.assign', subject: id, facts })
    }
    return { letterIds: [...letters.keys()], changed: changed.length }
  })
}
