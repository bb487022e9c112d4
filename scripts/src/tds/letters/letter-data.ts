import { z } from 'zod'
import { stalenesses, type LetterPrediction, type RecordNow } from '@tds/core'
import { itemPredictions, type StoredDeadLetter } from '@tds/db'
import { isoTime, isoTimeOrNull } from '../commands/event-data.ts'
import type { Block } from '../output/shown.ts'

const count = z.int().min(0)

/** A dead letter in a list. */
export const letterSchema = z.strictObject({
  letterId: z.string(),
  status: z.string(),
  class: z.string(),
  code: z.string().nullable(),
  reason: z.string(),
  group: z.string(),
  entityType: z.string(),
  recordId: z.string().nullable(),
  operation: z.string(),
  eventId: z.string(),
  events: count,
  occurrences: count,
  attempts: count,
  sourceVersion: z.iso.datetime().nullable(),
  staleness: z.enum(stalenesses),
  firstAt: z.iso.datetime(),
  lastAt: z.iso.datetime(),
  ageSeconds: count,
  assignedTo: z.string().nullable(),
  settledAt: z.iso.datetime().nullable(),
  settledBy: z.string().nullable(),
  settledWhy: z.string().nullable(),
})

/** What replaying a dead letter would come to. */
export const predictionSchema = z.strictObject({
  letterId: z.string(),
  predicted: z.enum(itemPredictions),
  fields: z.array(z.string()),
  calls: count,
  why: z.string().nullable(),
})

/** A dead letter as results have it. */
export type LetterData = z.output<typeof letterSchema>
type PredictionData = z.output<typeof predictionSchema>

/** A dead letter with its record as it stands. */
export function letterData(letter: StoredDeadLetter, record: RecordNow | undefined): LetterData {
  return {
    letterId: letter.id,
    status: letter.status,
    class: letter.class,
    code: letter.error_code,
    reason: letter.failure_reason,
    group: letter.fingerprint,
    entityType: letter.entity_type,
    recordId: letter.source_entity_id,
    operation: letter.operation_type,
    eventId: letter.event_id,
    events: letter.event_ids.length,
    occurrences: letter.occurrences,
    attempts: letter.total_attempts,
    sourceVersion: isoTimeOrNull(letter.source_version),
    staleness: record?.staleness ?? 'unknown',
    firstAt: isoTime(letter.created_at),
    lastAt: isoTime(letter.last_seen_at),
    ageSeconds: Math.max(0, Math.round(letter.age_seconds)),
    assignedTo: letter.assigned_to,
    settledAt: isoTimeOrNull(letter.resolved_at),
    settledBy: letter.resolved_by,
    settledWhy: letter.resolution_notes,
  }
}

/** A prediction as results have it. */
export function predictionData({ fields, ...prediction }: LetterPrediction): PredictionData {
  return { ...prediction, fields: [...fields] }
}

/** The table of a list of dead letters. */
export function letterTable(letters: readonly LetterData[]): Block {
  return {
    kind: 'table',
    columns: ['letter', 'first', 'class', 'code', 'type', 'record', 'attempts', 'staleness', 'reason'],
    rows: letters.map((letter) => [
      letter.letterId,
      letter.firstAt,
      letter.class,
      letter.code,
      letter.entityType,
      letter.recordId,
      letter.attempts,
      letter.staleness,
      letter.reason,
    ]),
  }
}

const said: Readonly<Record<PredictionData['predicted'], string>> = {
  applied: 'would change their record',
  unchanged: 'would change nothing',
  stale: 'are older than what is stored, and would be ignored',
  reread: 'ask Zoho for the record, whose answer decides',
  failed: 'would fail again',
  untried: 'cannot be tried beforehand',
}

/** What a replay would come to, by what is said of its letters. */
export function previewTable(preview: readonly PredictionData[]): Block {
  const rows = itemPredictions.flatMap((predicted) => {
    const ofKind = preview.filter((one) => one.predicted === predicted)
    if (ofKind.length === 0) return []
    const fields = [...new Set(ofKind.flatMap((one) => one.fields))].sort().join(', ')
    const calls = ofKind.reduce((sum, one) => sum + one.calls, 0)
    return [[ofKind.length, said[predicted], calls, fields]]
  })
  return { kind: 'table', columns: ['letters', 'they', 'calls', 'columns'], rows }
}
