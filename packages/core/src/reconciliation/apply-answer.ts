import { noteDetailRead, type ReadRequest, type Transaction } from '@tds/db'
import { applyChanges, type ChangeResult, type RecordChange } from '../sync/apply-changes.ts'
import { databaseNow } from '../sync/database-now.ts'
import {
  differenceOfLook,
  settleDifference,
  type DirectAnswer,
  type PreparedAnswer,
} from './settle-difference.ts'

/** What applying an answer came to. */
export interface AppliedDirectly {
  readonly change: RecordChange
  readonly result: ChangeResult
  /** The read that an open difference of the record is owed now; it is made by itself. Null where none is. */
  readonly read: ReadRequest | null
}

/**
 * Applies what the source answered about a record, by the one path, and settles the difference that is open about it: so a
 * row that stands against the source is corrected once two reads agree. Everything else goes as it does without a difference.
 */
export async function applyAnswer(
  tx: Transaction,
  answer: DirectAnswer,
  { difference: known, change }: PreparedAnswer,
): Promise<AppliedDirectly> {
  const now = await databaseNow(tx)
  const [result] = await applyChanges(tx, [change], now)
  if (result === undefined) throw new RangeError('applying one change gave no result')
  const { says, key, claim } = answer
  if (says.kind === 'content' && says.record.completeness === 'complete') {
    await noteDetailRead(tx, key, claim.sent_at)
  }
  const applied = { ...answer, change, result, now }
  const isLook = known === null && claim.reason === 'verification'
  const difference = isLook ? await differenceOfLook(tx, applied) : known
  const read = difference === null ? null : await settleDifference(tx, { ...applied, difference })
  return { change, result, read }
}
