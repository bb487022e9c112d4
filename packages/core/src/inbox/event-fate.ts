import {
  insertDeadLetters,
  insertSyncLogs,
  moveInboxEvents,
  type DeadLetterWrite,
  type EventMove,
  type LockedEvent,
  type Mover,
  type ReadRequest,
  type SyncLogWrite,
  type Transaction,
} from '@tds/db'
import type { Queue } from '@tds/queue'
import { askForReads } from '../sync/ask-for-reads.ts'
import { failureOf, type Failure } from './failure.ts'

/** What becomes of one event at the end of an attempt. */
export interface EventFate {
  readonly event: LockedEvent
  readonly status: 'applied' | 'unchanged' | 'stale' | 'processing' | 'retry' | 'dead_letter'
  readonly failure?: Failure
  readonly why?: string
  /** Set where the record is to be read: because the event asks, or because the row is incomplete. */
  readonly read?: Pick<ReadRequest, 'reason' | 'delaySeconds'>
  /** A re-read has answered this event, decisively or not. */
  readonly answered?: boolean
  /** It goes on waiting for the read of its record that is owed already: no attempt is counted, and nothing is asked for. */
  readonly awaitsRead?: boolean
  /** It only waits for somebody else: no attempt is counted. */
  readonly waits?: boolean
  /** Seconds until the event's next attempt, for `retry`. */
  readonly delaySeconds?: number
}

/** What writing fates down needs. */
export interface FateParts {
  readonly queue: Pick<Queue, 'send'>
  readonly mover: Mover
}

/** Writes down what became of events: their state and the counters, the log, dead letters, owed reads and their jobs. */
export async function recordFates(
  parts: FateParts,
  tx: Transaction,
  o: {
    readonly fates: readonly EventFate[]
    readonly startedAt: number
    /** What is to be read besides. In one statement with what the fates ask for: rows are locked in one order. */
    readonly reads?: readonly ReadRequest[]
  },
): Promise<void> {
  const durationMs = Math.round((performance.now() - o.startedAt) * 1000) / 1000 / Math.max(1, o.fates.length)
  const gaveUp = o.fates.filter((fate) => fate.status === 'dead_letter')
  await insertDeadLetters(tx, gaveUp.map(deadLetterOf))
  await moveInboxEvents(tx, o.fates.map(moveOf), parts.mover)
  await insertSyncLogs(
    tx,
    o.fates.map((fate) => logOf(fate, durationMs, parts.mover.daemonId)),
  )
  await askForReads(parts.queue, tx, [...o.fates.flatMap(readOf), ...(o.reads ?? [])])
}

function moveOf(fate: EventFate): EventMove {
  const { event, failure } = fate
  return {
    id: event.id,
    received_at: event.received_at,
    from: event.status,
    to: fate.status,
    error_code: failure?.code ?? null,
    error_message: failure?.message ?? null,
    attempts: isOnlyWaiting(fate) ? 0 : 1,
    reads: fate.answered === true ? 1 : 0,
    awaiting_read:
      fate.awaitsRead === true || fate.read?.reason === 'event' || fate.read?.reason === 'repeat',
    next_attempt_in: nextAttemptIn(fate),
  }
}

function isOnlyWaiting(fate: EventFate): boolean {
  if (fate.status === 'processing' || fate.waits === true || fate.awaitsRead === true) return true
  return fate.status === 'retry' && fate.read !== undefined
}

/** In seconds, because the clock of the database is to say when that is. */
function nextAttemptIn(fate: EventFate): number | null {
  if (fate.status !== 'retry' || fate.awaitsRead === true) return null
  return fate.delaySeconds ?? fate.read?.delaySeconds ?? 0
}

function logOf(fate: EventFate, durationMs: number, workerId: string): SyncLogWrite {
  const { event, failure } = fate
  return {
    organization_id: event.organization_id,
    event_id: event.id,
    run_id: event.sync_run_id,
    entity_type: event.entity_type,
    source_entity_id: event.source_entity_id,
    operation: event.operation_type,
    outcome: fate.status,
    attempt: event.attempt_count + 1,
    duration_ms: durationMs,
    error_code: failure?.code ?? null,
    error_message: failure?.message ?? null,
    worker_id: workerId,
    detail: fate.why ?? null,
  }
}

function deadLetterOf(fate: EventFate): DeadLetterWrite {
  const reason = fate.failure ?? failureOf(new Error(fate.why ?? 'given up without a reason'))
  return {
    event_id: fate.event.id,
    class: reason.class,
    fingerprint: reason.fingerprint,
    failure_reason: reason.message,
    error_code: reason.code,
    error_message: reason.message,
    total_attempts: fate.event.attempt_count + 1,
  }
}

function readOf({ event, read }: EventFate): ReadRequest[] {
  if (read === undefined || event.source_entity_id === null) return []
  return [
    {
      organizationId: event.organization_id,
      entityType: event.entity_type,
      zohoId: event.source_entity_id,
      eventId: event.id,
      ...read,
    },
  ]
}
