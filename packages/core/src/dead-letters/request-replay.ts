import {
  insertItems,
  insertOperation,
  listDeadLetters,
  selectOpenDeadLetters,
  type Database,
  type DeadLetterFilter,
} from '@tds/db'
import { noteAction, type OperatorRequest } from '../quarantine/operator-work.ts'
import { letterNotFound, letterSettled, selectionDiffers } from './letter-errors.ts'
import { predictLetters, type LetterPrediction } from './predict-letters.ts'

/** What is to be replayed, and how. */
export interface WantedReplay {
  readonly organizationId: string
  readonly filter: DeadLetterFilter
  /** The same in the words of the request, to be kept. */
  readonly words: Readonly<Record<string, unknown>>
  readonly ratePerSecond: number
  /** 1 to 100; 100 never stops. */
  readonly stopOnErrorPercent: number
  /** Leaves out what the version guard would ignore. */
  readonly skipStale: boolean
  /** The number that a person has looked at. */
  readonly expected?: number | undefined
  /** What let the system ask, once. */
  readonly cause?: string | undefined
}

/** A replay that was asked for, or would be. */
export interface RequestedReplay {
  /** Null in a rehearsal, where nothing was chosen, and where the same cause has one already. */
  readonly operationId: string | null
  readonly preview: readonly LetterPrediction[]
}

/**
 * Chooses open dead letters, says what replaying each would come to, and freezes the choice as an operation for a worker.
 * A rehearsal ends with the preview.
 *
 * @throws TdsError `dead_letter_not_found` and `dead_letter_settled` for an id that names no open one, `selection_differs`.
 */
export async function requestReplay(
  db: Database,
  wanted: WantedReplay,
  request: OperatorRequest,
): Promise<RequestedReplay> {
  const { organizationId, filter, expected } = wanted
  const ids = await selectOpenDeadLetters(db, { ...filter, organizationId })
  await checkIds(db, wanted)
  if (expected !== undefined && expected !== ids.length) throw selectionDiffers(expected, ids.length)
  const preview = await predictLetters(db, ids)
  if (request.dryRun || preview.length === 0) return { operationId: null, preview }
  return { operationId: await freeze(db, wanted, { request, preview }), preview }
}

/** Every id that a person named must name an open letter, or an event under one. */
async function checkIds(db: Database, { organizationId, filter: { ids } }: WantedReplay): Promise<void> {
  if (ids === undefined) return
  const found = await listDeadLetters(
    db,
    { organizationId, ids },
    { limit: ids.length * 100 + 100, after: null },
  )
  for (const id of ids) {
    const named = found.filter((letter) => letter.id === id || letter.event_ids.includes(id))
    const [first] = named
    if (first === undefined) throw letterNotFound(id)
    if (named.every((letter) => letter.status !== 'open')) throw letterSettled(first)
  }
}

function freeze(
  db: Database,
  wanted: WantedReplay,
  o: { readonly request: OperatorRequest; readonly preview: readonly LetterPrediction[] },
): Promise<string | null> {
  const { organizationId, words, ratePerSecond, stopOnErrorPercent, skipStale, cause = null } = wanted
  const { request, preview } = o
  const { actor: requestedBy, reason, via } = request
  return db.transaction(async (tx) => {
    const asked = { organizationId, requestedBy, reason, via, cause, filter: words }
    const id = await insertOperation(tx, { ...asked, ratePerSecond, stopOnErrorPercent })
    if (id === null) return null
    const items = preview.map(({ letterId, predicted, fields, calls }) => {
      const skipped = skipStale && predicted === 'stale' ? 'it is older than what is stored' : null
      return { letterId, predicted, fields, calls, skipped }
    })
    await insertItems(tx, id, items)
    const facts = { letters: items.length, filter: words, ratePerSecond, stopOnErrorPercent, cause }
    await noteAction(tx, request, { action: 'dead_letter.replay', subject: id, facts })
    return id
  })
}
