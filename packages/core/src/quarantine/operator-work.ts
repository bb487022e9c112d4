import {
  insertOperatorActions,
  insertSyncLogs,
  lastActionOn,
  lockDelivery,
  moveInboxEvents,
  type Database,
  type Mover,
  type StoredDelivery,
  type Transaction,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { TdsError } from '@tds/runtime'

/** What work on the quarantine needs of its surroundings. */
export interface OperatorParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly mover: Mover
}

/** Who asks, and whether it is only a rehearsal. */
export interface OperatorRequest {
  readonly actor: string
  readonly reason: string | null
  /** Does everything and takes it back: the answer is what would have been. */
  readonly dryRun: boolean
  /** The way in, for the record: `cli-direct`. */
  readonly via: string
}

/**
 * Takes a quarantined event for a change. Of two people who want the same one, the second waits for the first and is
 * then told.
 *
 * @throws TdsError `event_not_found`, and `event_settled` with who settled it.
 */
export async function lockQuarantined(tx: Transaction, id: string): Promise<StoredDelivery> {
  const event = await lockDelivery(tx, id)
  if (event === null) throw notFound(id)
  if (event.status !== 'quarantined') throw await settled(tx, event)
  return event
}

/** Ends a quarantined event as discarded: state, counters, log and what the person did, all in the caller's transaction. */
export async function discardEvent(
  tx: Transaction,
  { mover }: Pick<OperatorParts, 'mover'>,
  o: { readonly event: StoredDelivery; readonly why: string },
): Promise<void> {
  await moveQuarantined(tx, mover, { event: o.event, to: 'discarded' })
  await insertSyncLogs(tx, [
    {
      organization_id: o.event.organization_id,
      event_id: o.event.id,
      run_id: null,
      entity_type: o.event.entity_type,
      source_entity_id: o.event.source_entity_id,
      operation: o.event.operation_type,
      outcome: 'discarded',
      attempt: o.event.attempt_count + 1,
      duration_ms: 0,
      error_code: o.event.error_code,
      error_message: null,
      worker_id: mover.daemonId,
      detail: o.why,
    },
  ])
}

/** Moves a quarantined event on. Where it was given up, the reason for its quarantine stays to be read. */
export async function moveQuarantined(
  tx: Transaction,
  mover: Mover,
  { event, to }: { readonly event: StoredDelivery; readonly to: 'pending' | 'discarded' },
): Promise<void> {
  await moveInboxEvents(
    tx,
    [
      {
        id: event.id,
        received_at: event.received_at,
        from: event.status,
        to,
        error_code: to === 'discarded' ? event.error_code : null,
        error_message: to === 'discarded' ? event.error_message : null,
        attempts: 0,
        reads: 0,
        awaiting_read: false,
        next_attempt_at: null,
      },
    ],
    mover,
  )
}

/** Writes down who did what to an event, and why. */
export async function noteAction(
  tx: Transaction,
  request: OperatorRequest,
  o: { readonly action: string; readonly eventId: string; readonly facts: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { actor, reason, via } = request
  const facts = { ...o.facts, via }
  await insertOperatorActions(tx, [{ actor, reason, action: o.action, subject: o.eventId, facts }])
}

/** Nothing has this id. */
export function notFound(id: string): TdsError {
  return new TdsError(`There is no event ${id}`, {
    code: 'event_not_found',
    disposition: 'reject',
    nextStep: 'Look the id up with tds events list; an event is deleted some days after its final state.',
    facts: { eventId: id },
  })
}

async function settled(tx: Transaction, event: StoredDelivery): Promise<TdsError> {
  const last = await lastActionOn(tx, event.id)
  const by = last === null ? '' : `: ${last.action} by ${last.actor} at ${last.acted_at}`
  return new TdsError(`The event ${event.id} is not in quarantine but ${event.status}${by}`, {
    code: 'event_settled',
    disposition: 'reject',
    nextStep: 'Look at it with tds events show before you do anything else.',
    facts: { eventId: event.id, status: event.status },
  })
}
