import {
  databaseTime,
  lockDeadLetter,
  settleDeadLetters,
  transactOrRehearse,
  type Transaction,
} from '@tds/db'
import { messageOf } from '@tds/runtime'
import { isContentFault } from '../inbox/content-fault.ts'
import {
  insertCorrected,
  readCorrection,
  unusable,
  type Correction,
  type CorrectionResult,
  type OriginalDelivery,
} from '../quarantine/corrected-event.ts'
import { discardEvents, noteAction, type OperatorRequest } from '../quarantine/operator-work.ts'
import type { RedriveParts } from '../quarantine/redrive.ts'
import { editedBody, type EditedBody, type LetterEdit } from './edited-body.ts'
import { letterBusy, letterNotFound, letterSettled } from './letter-errors.ts'
import { holdLetters, settledEvents, type HeldLetter } from './letter-events.ts'
import { predictEvent, type LetterPrediction } from './predict-letters.ts'

/** The event that stands for an edited dead letter, or would. */
export interface EditedLetter extends CorrectionResult {
  /** Where its body differs from the original, as JSON Pointers; null where nobody can say. */
  readonly changed: readonly string[] | null
  /** In a rehearsal, what it would come to. */
  readonly prediction: Omit<LetterPrediction, 'letterId'> | null
}

/**
 * Puts an edited payload into the inbox beside the original, which nobody changes: a new event that says whose copy it is,
 * with its job. The original ends as discarded, the letter as resolved. Without an edit the record is read from Zoho instead.
 * An older version still overwrites nothing newer.
 *
 * @throws TdsError `dead_letter_not_found`, `dead_letter_settled`, `dead_letter_busy`, and `correction_unusable`.
 */
export async function editLetter(
  parts: RedriveParts,
  o: LetterEdit & { readonly letterId: string },
  request: OperatorRequest & { readonly reason: string },
): Promise<EditedLetter> {
  try {
    return await transactOrRehearse(parts.db, request, async (tx) => {
      const { held, original, zohoId, edited } = await takeLetter(tx, o)
      const correction: Correction = { payload: edited?.bytes, zohoId }
      const corrected = readCorrection(parts, original, { correction, now: await databaseTime(tx) })
      const result = await insertCorrected(parts, tx, { original, corrected })
      const note = `superseded by event ${result.eventId}: ${request.reason}`
      await discardEvents(tx, parts, { events: settledEvents(held), why: note })
      await settleDeadLetters(tx, [{ id: o.letterId, status: 'resolved', by: request.actor, note }])
      const changed = edited?.changed ?? null
      const { corrected: _, ...known } = result
      const facts = { ...known, changed }
      await noteAction(tx, request, { action: 'dead_letter.edit', subject: o.letterId, facts })
      return {
        ...result,
        changed,
        prediction: request.dryRun ? await predictEvent(tx, result.eventId) : null,
      }
    })
  } catch (error) {
    if (isContentFault(error))
      throw unusable('unstorable', `Postgres refuses the content: ${messageOf(error)}`)
    throw error
  }
}

interface TakenLetter {
  readonly held: HeldLetter
  readonly original: OriginalDelivery
  readonly zohoId: string | undefined
  readonly edited: EditedBody | null
}

async function takeLetter(
  tx: Transaction,
  { letterId, ...edit }: LetterEdit & { readonly letterId: string },
): Promise<TakenLetter> {
  const held = (await holdLetters(tx, [letterId])).get(letterId)
  const letter = await lockDeadLetter(tx, letterId)
  if (held === undefined || letter === null) throw letterNotFound(letterId)
  if (letter.status !== 'open') throw letterSettled(letter)
  if (held.busy.length > 0) throw letterBusy(letterId)
  const original = {
    id: letter.event_id,
    entity_type: letter.entity_type,
    operation_type: letter.operation_type,
    headers: letter.headers ?? '{}',
    raw_body: letter.raw_body ?? Buffer.alloc(0),
  }
  const zohoId = letter.source_entity_id ?? undefined
  return { held, original, zohoId, edited: editedBody(letter, edit) }
}
