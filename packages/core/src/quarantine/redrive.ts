import {
  databaseTime,
  transactOrRehearse,
  understandEvent,
  type StoredDelivery,
  type Transaction,
} from '@tds/db'
import { messageOf, TdsError } from '@tds/runtime'
import { carryEvents } from '../inbox/carry-events.ts'
import { isContentFault } from '../inbox/content-fault.ts'
import { unstorableReason } from '../inbox/incoming-event.ts'
import {
  lockQuarantined,
  moveSettled,
  noteAction,
  type OperatorParts,
  type OperatorRequest,
} from './operator-work.ts'
import { readAgain, type ReadDelivery, type UnusableReading, type UsableReading } from './read-again.ts'

/** What driving events again needs. */
export interface RedriveParts extends OperatorParts {
  readonly read: ReadDelivery
  /** The organisation that this installation copies. */
  readonly organizationId: string
}

/** What became of one event that was to be driven again, or would become of it. */
export interface RedriveResult {
  readonly eventId: string
  /** `requeued` is the good end; the others left the event as it was. */
  readonly outcome: 'requeued' | 'still_unusable' | 'not_found' | 'settled'
  readonly entityType: string | null
  readonly sourceEntityId: string | null
  readonly operation: string | null
  /** Why it stays; null for a good end. */
  readonly reason: string | null
  readonly detail: string | null
}

/**
 * Reads quarantined events again, as they came, and gives those that are usable now to the worker: after a new build, another
 * organisation in the configuration, a clock that has moved on. Each event is a transaction of its own, so that one does
 * not hold up the others.
 */
export async function redriveEvents(
  parts: RedriveParts,
  ids: readonly string[],
  request: OperatorRequest,
): Promise<RedriveResult[]> {
  const results: RedriveResult[] = []
  for (const id of new Set(ids)) results.push(await redriveOne(parts, id, request))
  return results
}

async function redriveOne(parts: RedriveParts, id: string, request: OperatorRequest): Promise<RedriveResult> {
  try {
    return await transactOrRehearse(parts.db, request, async (tx) => {
      const event = await lockQuarantined(tx, id)
      const now = await databaseTime(tx)
      const reading = readAgain(event, { ...parts, now })
      if (!reading.usable) return stays(id, event, reading)
      await requeue(parts, tx, { event, reading })
      const { operation, sourceEntityId } = reading
      const facts = { reason: event.error_code, operation, sourceEntityId }
      await noteAction(tx, request, { action: 'quarantine.redrive', subject: id, facts })
      const entityType = event.entity_type
      return { eventId: id, outcome: 'requeued', entityType, sourceEntityId, operation, ...nothingWrong }
    })
  } catch (error) {
    return failed(id, error)
  }
}

async function requeue(
  { queue, mover }: RedriveParts,
  tx: Transaction,
  o: { readonly event: StoredDelivery; readonly reading: UsableReading },
): Promise<void> {
  await understandEvent(tx, o.event.id, { ...o.reading, payload: o.reading.payloadText })
  await moveSettled(tx, mover, { events: [o.event], to: 'pending' })
  await carryEvents(queue, tx, { eventIds: [o.event.id] })
}

const nothingWrong = { reason: null, detail: null }
const unknown = { entityType: null, sourceEntityId: null, operation: null }

function stays(eventId: string, event: StoredDelivery, { reason, detail }: UnusableReading): RedriveResult {
  return { ...unknown, eventId, outcome: 'still_unusable', entityType: event.entity_type, reason, detail }
}

function failed(eventId: string, error: unknown): RedriveResult {
  if (error instanceof TdsError && error.code === 'event_not_found') {
    return { ...unknown, eventId, outcome: 'not_found', reason: error.code, detail: error.message }
  }
  if (error instanceof TdsError && error.code === 'event_settled') {
    return { ...unknown, eventId, outcome: 'settled', reason: error.code, detail: error.message }
  }
  if (isContentFault(error)) {
    const detail = `Postgres refuses the content: ${messageOf(error)}`
    return { ...unknown, eventId, outcome: 'still_unusable', reason: unstorableReason, detail }
  }
  throw error
}
