import {
  classifyDatabaseError,
  lockEvents,
  transactOrRehearse,
  type Database,
  type ItemPrediction,
  type LockedEvent,
  type Transaction,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import { changeOfEvent } from '../inbox/event-change.ts'
import { failureOf } from '../inbox/failure.ts'
import { applyChanges, type ChangeResult, type RecordChange } from '../sync/apply-changes.ts'
import { databaseNow } from '../sync/database-now.ts'
import { followUpReads } from '../sync/follow-up-reads.ts'
import { readInstant } from '../sync/instant.ts'
import { holdLetters, type HeldLetter } from './letter-events.ts'

/** What replaying a dead letter would come to now. */
export interface LetterPrediction {
  readonly letterId: string
  readonly predicted: ItemPrediction
  /** Columns that would change, `lines` or `custom_fields`. */
  readonly fields: readonly string[]
  /** Calls to Zoho that it asks for at most. */
  readonly calls: number
  /** Why, where it would fail or is not tried. */
  readonly why: string | null
}

/** Letters in one rehearsal: few enough that the live path hardly waits for their locks. */
const lettersAtOnce = 25

/**
 * Rehearses the replay of dead letters: does what the worker would do and takes it back, so that what it says is what would
 * happen, as long as nothing else changes. A killer is not tried: it might kill us. In the order given.
 */
export async function predictLetters(db: Database, ids: readonly string[]): Promise<LetterPrediction[]> {
  const predictions = new Map<string, LetterPrediction>()
  for (let first = 0; first < ids.length; first += lettersAtOnce) {
    for (const one of await rehearse(db, ids.slice(first, first + lettersAtOnce)))
      predictions.set(one.letterId, one)
  }
  return ids.flatMap((id) => predictions.get(id) ?? [])
}

/** Halves what throws until the guilty letter stands alone, as the worker does with events. */
async function rehearse(db: Database, ids: readonly string[]): Promise<LetterPrediction[]> {
  try {
    return await transactOrRehearse(db, { dryRun: true }, (tx) => tryLetters(tx, ids))
  } catch (error) {
    const [only] = ids
    if (ids.length === 1 && only !== undefined) return [fails(only, error)]
    const middle = Math.ceil(ids.length / 2)
    return [...(await rehearse(db, ids.slice(0, middle))), ...(await rehearse(db, ids.slice(middle)))]
  }
}

async function tryLetters(tx: Transaction, ids: readonly string[]): Promise<LetterPrediction[]> {
  const held = await holdLetters(tx, ids)
  const predictions: LetterPrediction[] = []
  const tried: Tried[] = []
  for (const letter of held.values()) {
    const untried = whyUntried(letter)
    if (untried !== null) predictions.push({ ...nothing, letterId: letter.letter.id, why: untried })
    else collect(letter, { tried, predictions })
  }
  return [...predictions, ...(await applyTried(tx, tried))]
}

/** Says of an event that waits what it would come to, within a transaction that is taken back. */
export async function predictEvent(
  tx: Transaction,
  eventId: string,
): Promise<Omit<LetterPrediction, 'letterId'>> {
  const [event] = await lockEvents(tx, [eventId])
  if (event === undefined) return { ...nothing, why: 'there is no such event' }
  try {
    const [said] = await applyTried(tx, [{ letterId: '', event, change: changeOfEvent(event) }])
    const { letterId: _, ...prediction } = said ?? fails('', new Error('nothing came of it'))
    return prediction
  } catch (error) {
    if (!(error instanceof TdsError)) throw error
    const { letterId: _, ...prediction } = fails('', error)
    return prediction
  }
}

/** Applies what was read, as the worker does, and says what came of each letter. */
async function applyTried(tx: Transaction, read: readonly Tried[]): Promise<LetterPrediction[]> {
  const tried = [...read].sort(byReceipt)
  const results = await applyChanges(
    tx,
    tried.map(({ change }) => change),
    await databaseNow(tx),
  )
  const done = tried.flatMap((one, index) => {
    const result = results[index]
    return result === undefined ? [] : [{ ...one, result }]
  })
  const asked = await followUpReads(tx, done)
  return [...new Set(done.map(({ letterId }) => letterId))].map((id) => {
    const own = done.filter(({ letterId }) => letterId === id)
    const eventIds = new Set(own.map(({ event }) => event.id))
    const reads = asked.filter(({ eventId }) => eventId !== null && eventIds.has(eventId)).length
    return predictionOf(id, own, reads)
  })
}

interface Tried {
  readonly letterId: string
  readonly event: LockedEvent
  readonly change: RecordChange
}

function byReceipt({ event: left }: Tried, { event: right }: Tried): number {
  const order = readInstant(left.received_at) - readInstant(right.received_at)
  return order === 0 ? (left.id < right.id ? -1 : 1) : order
}

function whyUntried({ letter, dead, busy }: HeldLetter): string | null {
  if (letter.status !== 'open') return `it is ${letter.status}`
  if (busy.length > 0) return 'its events are being processed'
  if (dead.length === 0) return 'it has no event that could be processed'
  return letter.class === 'killer' ? 'it killed workers, so it is not tried beforehand' : null
}

/** The changes of a letter's events; where one cannot be read, the letter would fail. */
function collect(
  { letter, dead }: HeldLetter,
  o: { readonly tried: Tried[]; readonly predictions: LetterPrediction[] },
): void {
  const own: Tried[] = []
  for (const event of dead) {
    try {
      own.push({ letterId: letter.id, event, change: changeOfEvent(event) })
    } catch (error) {
      if (!(error instanceof TdsError)) throw error
      o.predictions.push(fails(letter.id, error))
      return
    }
  }
  o.tried.push(...own)
}

/** Of several events of a letter the newest one says what it comes to. */
function predictionOf(
  letterId: string,
  own: readonly { readonly result: ChangeResult }[],
  reads: number,
): LetterPrediction {
  const newest = own.at(-1)?.result
  const fields = [...new Set(own.flatMap(({ result }) => result.fields))].sort()
  const outcome = newest?.decision.outcome ?? 'unchanged'
  const asks = outcome === 'reread' || newest?.owesRead === true ? 1 : 0
  const predicted =
    outcome === 'reread' || outcome === 'stale' || outcome === 'unchanged' ? outcome : 'applied'
  return { letterId, predicted, fields, calls: reads + asks, why: null }
}

const nothing = { predicted: 'untried', fields: [], calls: 0 } as const

function fails(letterId: string, error: unknown): LetterPrediction {
  const { code, message } = failureOf(classifyDatabaseError(error))
  return { letterId, predicted: 'failed', fields: [], calls: 0, why: `${code}: ${message}` }
}
