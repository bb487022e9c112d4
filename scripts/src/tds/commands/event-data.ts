import { z } from 'zod'
import type { LifeStep, StoredEvent } from '@tds/db'
import type { Block, Cell } from '../output/shown.ts'

/** An event in a list. */
export const eventSummarySchema = z.strictObject({
  eventId: z.string(),
  receivedAt: z.iso.datetime(),
  status: z.string(),
  entityType: z.string(),
  recordId: z.string().nullable(),
  operation: z.string(),
  reason: z.string().nullable(),
  attempts: z.int(),
  duplicates: z.int(),
  processedAt: z.iso.datetime().nullable(),
})

/** An event on its own. */
export const eventDetailSchema = eventSummarySchema.extend({
  organizationId: z.string(),
  source: z.string(),
  sourceVersion: z.iso.datetime().nullable(),
  explanation: z.string().nullable(),
  nextAttemptAt: z.iso.datetime().nullable(),
  awaitsRead: z.boolean(),
  lastDuplicateAt: z.iso.datetime().nullable(),
  replayOf: z.string().nullable(),
  requestId: z.string().nullable(),
  sender: z.string().nullable(),
  authenticatedBy: z.enum(['signature', 'key or person']),
  flags: z.array(z.string()),
  deliveryHash: z.string(),
  bodyBytes: z.int(),
})

/** A body: text where its bytes are text. */
export const bodySchema = z.strictObject({ encoding: z.enum(['utf8', 'base64']), text: z.string() })

/** A step in the life of an event. */
export const lifeStepSchema = z.strictObject({
  at: z.iso.datetime(),
  kind: z.enum(['attempt', 'change', 'dead_letter', 'operator', 'correction']),
  what: z.string(),
  by: z.string().nullable(),
  detail: z.string().nullable(),
})

type EventSummary = z.output<typeof eventSummarySchema>
type EventDetail = z.output<typeof eventDetailSchema>

/** A row of the inbox as lists tell it. */
export function summaryOf(event: StoredEvent): EventSummary {
  return {
    eventId: event.id,
    receivedAt: isoTime(event.received_at),
    status: event.status,
    entityType: event.entity_type,
    recordId: event.source_entity_id,
    operation: event.operation_type,
    reason: event.error_code,
    attempts: event.attempt_count,
    duplicates: event.duplicate_count,
    processedAt: isoTimeOrNull(event.processed_at),
  }
}

/** A row of the inbox in full, without what it carries. */
export function detailOf(event: StoredEvent): EventDetail {
  return {
    ...summaryOf(event),
    organizationId: event.organization_id,
    source: event.source_type,
    sourceVersion: isoTimeOrNull(event.source_version),
    explanation: event.error_message,
    nextAttemptAt: isoTimeOrNull(event.next_attempt_at),
    awaitsRead: event.awaiting_read,
    lastDuplicateAt: isoTimeOrNull(event.last_duplicate_at),
    replayOf: event.replay_of,
    requestId: event.request_id,
    sender: event.remote_address,
    authenticatedBy: event.signature_verified ? 'signature' : 'key or person',
    flags: [...event.flags],
    deliveryHash: event.content_hash,
    bodyBytes: event.body_bytes,
  }
}

/** A step as the result has it. */
export function stepOf(step: LifeStep): z.output<typeof lifeStepSchema> {
  return { ...step, at: isoTime(step.at) }
}

/** The table of a list of events. */
export function eventTable(events: readonly EventSummary[]): Block {
  return {
    kind: 'table',
    columns: [
      'received',
      'event',
      'status',
      'type',
      'record',
      'operation',
      'reason',
      'attempts',
      'duplicates',
    ],
    rows: events.map((event) => [
      event.receivedAt,
      event.eventId,
      event.status,
      event.entityType,
      event.recordId,
      event.operation,
      event.reason,
      event.attempts,
      event.duplicates,
    ]),
  }
}

/** The facts of one event; what is not there is left out. */
export function eventFacts(event: EventDetail): Block {
  const facts = Object.entries(event).map(([name, value]): readonly [string, Cell] => [
    name,
    Array.isArray(value) ? value.join(', ') : value,
  ])
  return { kind: 'facts', facts: facts.filter(([, value]) => value !== null && value !== '') }
}

/** `2026-07-21 16:03:55.12+00`, as Postgres prints it in UTC, to ISO 8601. */
export function isoTime(text: string): string {
  return text.replace(' ', 'T').replace(/\+00(?::00)?$/, 'Z')
}

/** The same of what may not be there. */
export function isoTimeOrNull(text: string | null): string | null {
  return text === null ? null : isoTime(text)
}

/** Bytes as text where they are text, so that every byte can be told from the result. */
export function bodyData(bytes: Buffer): z.output<typeof bodySchema> {
  const text = bytes.toString('utf8')
  return Buffer.from(text).equals(bytes)
    ? { encoding: 'utf8', text }
    : { encoding: 'base64', text: bytes.toString('base64') }
}

/** The same as it is shown. */
export function bodyBlock({ encoding, text }: z.output<typeof bodySchema>): Block {
  return { kind: 'lines', lines: [`body (${encoding}):`, ...text.split('\n')] }
}
