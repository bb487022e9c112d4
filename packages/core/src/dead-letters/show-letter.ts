import {
  attemptsAt,
  findDeadLetter,
  lockDeadLetter,
  transactOrRehearse,
  type Database,
  type DeadLetterAttempt,
  type StoredDeadLetter,
} from '@tds/db'
import { noteAction, type OperatorRequest } from '../quarantine/operator-work.ts'
import { letterNotFound } from './letter-errors.ts'
import { predictLetters, type LetterPrediction } from './predict-letters.ts'
import { recordsNow, type RecordNow } from './staleness.ts'

/** All there is to know about one dead letter, without what it carries. */
export interface ShownLetter {
  readonly letter: StoredDeadLetter
  readonly record: RecordNow
  readonly attempts: readonly DeadLetterAttempt[]
  /** What replaying it would come to; null where it is settled. */
  readonly prediction: LetterPrediction | null
}

/**
 * Looks at one dead letter, its attempts, its record as it stands, and what replaying it would come to now.
 *
 * @throws TdsError `dead_letter_not_found`.
 */
export async function showLetter(db: Database, id: string): Promise<ShownLetter> {
  const letter = await findDeadLetter(db, id)
  if (letter === null) throw letterNotFound(id)
  const record = (await recordsNow(db, [letter])).get(id)
  const [prediction = null] = letter.status === 'open' ? await predictLetters(db, [id]) : []
  return {
    letter,
    record: record ?? { staleness: 'unknown', storedVersion: null, deletedAt: null },
    attempts: await attemptsAt(db, letter),
    prediction,
  }
}

/**
 * The body of a dead letter exactly as it came. It may hold personal data, so who looked at it is written down.
 *
 * @throws TdsError `dead_letter_not_found`.
 */
export async function revealLetter(db: Database, id: string, request: OperatorRequest): Promise<Buffer> {
  return transactOrRehearse(db, request, async (tx) => {
    const letter = await lockDeadLetter(tx, id)
    if (letter === null) throw letterNotFound(id)
    const body = letter.raw_body ?? Buffer.alloc(0)
    await noteAction(tx, request, {
      action: 'dead_letter.reveal',
      subject: id,
      facts: { bytes: body.length },
    })
    return body
  })
}
