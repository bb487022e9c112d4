import {
  listDeadLetters,
  listWholeDeadLetters,
  transactOrRehearse,
  type Database,
  type DeadLetterFilter,
  type DeadLetterWithBody,
  type StoredDeadLetter,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import { noteAction, type OperatorRequest } from '../quarantine/operator-work.ts'

/** A dead letter, and what it carries where that was asked for. */
export type LetterTakenOut = StoredDeadLetter & Partial<Pick<DeadLetterWithBody, 'raw_body'>>

/**
 * Dead letters of one moment to be taken elsewhere, whatever their state. With bodies, which may hold personal data, it is
 * written down who took what.
 *
 * @throws TdsError `export_too_large` rather than leave some out.
 */
export async function takeLettersOut(
  db: Database,
  o: {
    readonly organizationId: string
    readonly filter: DeadLetterFilter
    /** The filter in the words of the request. */
    readonly words: Readonly<Record<string, unknown>>
    readonly limit: number
    readonly withBodies: boolean
  },
  request: OperatorRequest,
): Promise<LetterTakenOut[]> {
  const { organizationId, filter, limit, withBodies, words } = o
  return transactOrRehearse(db, request, async (tx) => {
    const chosen = { ...filter, organizationId }
    const letters = withBodies
      ? await listWholeDeadLetters(tx, chosen, limit)
      : await listDeadLetters(tx, chosen, { limit: limit + 1, after: null })
    if (letters.length > limit) throw tooLarge(limit)
    if (!withBodies) return letters
    const facts = { letters: letters.length, filter: words }
    await noteAction(tx, request, { action: 'dead_letter.export', subject: organizationId, facts })
    return letters
  })
}

function tooLarge(limit: number): TdsError {
  return new TdsError(`More than ${String(limit)} dead letters are chosen`, {
    code: 'export_too_large',
    disposition: 'reject',
    nextStep: 'Choose fewer, for example by --since and --until, or raise --limit.',
    facts: { limit },
  })
}
