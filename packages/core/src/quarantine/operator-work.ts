import {
  insertOperatorActions,
  insertSyncLogs,
  lastActionOn,
  lockDelivery,
  moveInboxEvents,
  type Database,
  type Mover,
  type StoredDelivery,
  type StoredEvent,
  type SyncLogWrite,
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

/** An event that a person takes out of its state, as far as moving and logging it needs. */
export type SettledEvent = Pick<
  StoredEvent,
  | 'id'
  | 'organization_id'
  | 'entity_type'
  | 'source_entity_id'
  | 'operation_type'
  | 'status'
  | 'attempt_count'
  | 'received_at'
  | 'error_code'
  | 'error_message'
>

/** Ends events as discarded: state, counters and log, all in the caller's transaction. */
export async function discardEvents(
  tx: Transaction,
  { mover }: Pick<OperatorParts, 'mover'>,
  o: { readonly events: readonly SettledEvent[]; readonly why: string },
): Promise<void> {
  await moveSettled(tx, mover, { events: o.events, to: 'discarded' })
  const logs = o.events.map((event) => logOfStep(event, mover, { outcome: 'discarded', detail: o.why }))
  await insertSyncLogs(tx, logs)
}

/** The line of the log for a step that somebody took an event through. */
export function logOfStep(
  event: SettledEvent,
  mover: Mover,
  o: { readonly outcome: string; readonly detail: string },
): SyncLogWrite {
  return {
    organization_id: event.organization_id,
    event_id: event.id,
    run_id: null,
    entity_type: event.entity_type,
    source_entity_id: event.source_entity_id,
    operation: event.operation_type,
    attempt: event.attempt_count + 1,
    duration_ms: 0,
    error_code: event.error_code,
    error_message: null,
    worker_id: mover.daemonId,
    ...o,
  }
}

/**
 * Moves quarantined events and dead ones on. Where they are discarded, the reason for which they were given up stays to be
 * read; where they are to be processed, their attempts begin anew. What was discarded by mistake is dead again, as it was.
 */
export async function moveSettled(
  tx: Transaction,
  mover: Mover,
  {
    events,
    to,
  }: { readonly events: readonly SettledEvent[]; readonly to: 'pending' | 'discarded' | 'dead_letter' },
): Promise<void> {
  const isOver = to !== 'pending'
  const moves = events.map((event) => ({
    id: event.id,
    received_at: event.received_at,
    from: event.status,
    to,
    error_code: isOver ? event.error_code : null,
    error_message: isOver ? event.error_message : null,
    attempts: isOver ? 0 : -event.attempt_count,
    reads: 0,
    awaiting_read: false,
    next_attempt_in: null,
  }))
  await moveInboxEvents(tx, moves, mover)
}

/** Writes down who did what to an event, a dead letter or an operation, and why. */
export async function noteAction(
  tx: Transaction,
  request: OperatorRequest,
  o: { readonly action: string; readonly subject: string; readonly facts: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { actor, reason, via } = request
  const facts = { ...o.facts, via }
  await insertOperatorActions(tx, [{ actor, reason, action: o.action, subject: o.subject, facts }])
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
