import { z } from 'zod'
import { itemOutcomes, itemPredictions, operationStates, type ShownItem, type StoredOperation } from '@tds/db'
import { isoTime, isoTimeOrNull } from '../commands/event-data.ts'
import { countWords } from '../output/amounts.ts'
import type { Block, Cell } from '../output/shown.ts'

const count = z.int().min(0)
const counts = z.record(z.string(), count)

/** An operation. */
export const operationSchema = z.strictObject({
  operationId: z.string(),
  kind: z.string(),
  status: z.enum(operationStates),
  note: z.string().nullable(),
  requestedBy: z.string(),
  reason: z.string().nullable(),
  via: z.string(),
  cause: z.string().nullable(),
  filter: z.record(z.string(), z.unknown()),
  ratePerSecond: count,
  stopOnErrorPercent: count,
  startedAt: z.iso.datetime(),
  completedAt: z.iso.datetime().nullable(),
  /** waiting + queued + done add up to it. */
  items: count,
  waiting: count,
  queued: count,
  done: count,
  outcomes: counts,
  predictions: counts,
})

/** A dead letter in an operation. */
export const itemSchema = z.strictObject({
  place: count,
  letterId: z.string(),
  class: z.string(),
  entityType: z.string(),
  recordId: z.string().nullable(),
  predicted: z.enum(itemPredictions),
  fields: z.array(z.string()),
  calls: count,
  state: z.enum(['waiting', 'queued', 'done']),
  outcome: z.enum(itemOutcomes).nullable(),
  detail: z.string().nullable(),
})

/** An operation as results have it. */
export type OperationData = z.output<typeof operationSchema>

/** Reads an operation as results have it. */
export function operationData(operation: StoredOperation): OperationData {
  const { items, waiting, queued, done } = operation
  return {
    operationId: operation.id,
    kind: operation.kind,
    status: operation.status,
    note: operation.status_note,
    requestedBy: operation.requested_by,
    reason: operation.reason,
    via: operation.via,
    cause: operation.cause,
    filter: JSON.parse(operation.filter) as Record<string, unknown>,
    ratePerSecond: operation.rate_per_second,
    stopOnErrorPercent: operation.stop_on_error_percent,
    startedAt: isoTime(operation.started_at),
    completedAt: isoTimeOrNull(operation.completed_at),
    ...{ items, waiting, queued, done },
    outcomes: JSON.parse(operation.outcomes) as Record<string, number>,
    predictions: JSON.parse(operation.predictions) as Record<string, number>,
  }
}

/** Reads an item as results have it. */
export function itemData(item: ShownItem): z.output<typeof itemSchema> {
  return {
    place: item.place,
    letterId: item.dead_letter_id,
    class: item.class,
    entityType: item.entity_type,
    recordId: item.source_entity_id,
    predicted: item.predicted,
    fields: [...item.predicted_fields],
    calls: item.predicted_calls,
    state: item.state,
    outcome: item.outcome,
    detail: item.detail,
  }
}

/** Nothing moves any more unless a person resumes it. */
export function isOver({ status, queued }: OperationData): boolean {
  return status === 'completed' || (status !== 'running' && queued === 0)
}

/** How an operation stands, in one line. */
export function operationWords(operation: OperationData): string {
  const { operationId, status, items, done, waiting, queued, note } = operation
  const left =
    waiting + queued > 0 ? `, ${countWords(waiting)} wait, ${countWords(queued)} are being processed` : ''
  const why = note === null ? '' : ` (${note})`
  const ends = Object.entries(operation.outcomes).map(([outcome, n]) => `${countWords(n)} ${outcome}`)
  const came = ends.length === 0 ? '' : `: ${ends.join(', ')}`
  return `${operationId} ${status}${why}: ${countWords(done)} of ${countWords(items)} done${left}${came}.`
}

/** The facts of one operation. */
export function operationFacts(operation: OperationData): Block {
  const facts = Object.entries(operation).map(([name, value]): readonly [string, Cell] => [
    name,
    value !== null && typeof value === 'object' ? JSON.stringify(value) : value,
  ])
  return { kind: 'facts', facts: facts.filter(([, value]) => value !== null && value !== '{}') }
}
