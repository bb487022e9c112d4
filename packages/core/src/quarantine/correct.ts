import { databaseTime, transactOrRehearse } from '@tds/db'
import { messageOf } from '@tds/runtime'
import { isContentFault } from '../inbox/content-fault.ts'
import {
  insertCorrected,
  readCorrection,
  unusable,
  type Correction,
  type CorrectionResult,
} from './corrected-event.ts'
import { discardEvents, lockQuarantined, noteAction, type OperatorRequest } from './operator-work.ts'
import type { RedriveParts } from './redrive.ts'

/**
 * Puts a corrected delivery into the inbox beside the original: a new event that says whose edited copy it is, with its
 * job; the original ends as discarded. It takes the path of every delivery, so an older version still cannot overwrite a newer one.
 *
 * @throws TdsError `event_not_found`, `event_settled`, and `correction_unusable` with what is still wrong.
 */
export async function correctQuarantined(
  parts: RedriveParts,
  o: { readonly eventId: string; readonly correction: Correction },
  request: OperatorRequest & { readonly reason: string },
): Promise<CorrectionResult> {
  try {
    return await transactOrRehearse(parts.db, request, async (tx) => {
      const original = await lockQuarantined(tx, o.eventId)
      const corrected = readCorrection(parts, original, { ...o, now: await databaseTime(tx) })
      const result = await insertCorrected(parts, tx, { original, corrected })
      await discardEvents(tx, parts, {
        events: [original],
        why: `corrected as ${result.eventId}: ${request.reason}`,
      })
      const { corrected: _, ...facts } = result
      await noteAction(tx, request, { action: 'quarantine.correct', subject: original.id, facts })
      return result
    })
  } catch (error) {
    if (isContentFault(error))
      throw unusable('unstorable', `Postgres refuses the content: ${messageOf(error)}`)
    throw error
  }
}
