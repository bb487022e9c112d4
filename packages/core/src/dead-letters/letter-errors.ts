import type { StoredDeadLetter } from '@tds/db'
import { TdsError } from '@tds/runtime'

/** Nothing has this id. */
export function letterNotFound(id: string): TdsError {
  return new TdsError(`There is no dead letter ${id}`, {
    code: 'dead_letter_not_found',
    disposition: 'reject',
    nextStep: 'Look the id up with tds dlq list --status open,replayed,discarded,resolved.',
    facts: { letterId: id },
  })
}

/** Somebody was faster. */
export function letterSettled(letter: StoredDeadLetter): TdsError {
  const { id, status, resolved_by: by, resolution_notes: notes } = letter
  return new TdsError(`The dead letter ${id} is ${status} by ${by ?? 'nobody'}: ${notes ?? ''}`, {
    code: 'dead_letter_settled',
    disposition: 'reject',
    nextStep: 'Look at it with tds dlq show before you do anything else.',
    facts: { letterId: id, status },
  })
}

/** It was not discarded, so nothing is to be restored. */
export function letterNotDiscarded(letter: StoredDeadLetter): TdsError {
  const { id, status } = letter
  return new TdsError(`The dead letter ${id} is ${status}, not discarded`, {
    code: 'dead_letter_not_discarded',
    disposition: 'reject',
    nextStep: 'Look at it with tds dlq show before you do anything else.',
    facts: { letterId: id, status },
  })
}

/** The same failure of the same record has another letter, which counts it. */
export function letterOutdated(id: string): TdsError {
  return new TdsError(
    `The record of the dead letter ${id} has failed in the same way since, and has an open one`,
    {
      code: 'dead_letter_outdated',
      disposition: 'reject',
      nextStep: 'Work on the open one: tds dlq list --record names it.',
      facts: { letterId: id },
    },
  )
}

/** It is being replayed just now. */
export function letterBusy(id: string): TdsError {
  return new TdsError(`Events of the dead letter ${id} are being processed`, {
    code: 'dead_letter_busy',
    disposition: 'reject',
    nextStep: 'Wait until they have ended: tds dlq show tells how they stand.',
    facts: { letterId: id },
  })
}

/** Another number was chosen than the one that a person has looked at. */
export function selectionDiffers(expected: number, found: number): TdsError {
  return new TdsError(`${String(found)} dead letters are chosen, not ${String(expected)}`, {
    code: 'selection_differs',
    disposition: 'reject',
    nextStep: 'Look again with --dry-run: letters came or were settled meanwhile.',
    facts: { expected, found },
  })
}
