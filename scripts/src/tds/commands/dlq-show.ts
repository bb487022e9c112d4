import { z } from 'zod'
import { revealLetter, showLetter } from '@tds/core'
import { defineCommand } from '../command.ts'
import { oneLetterInput } from '../input/letter-input.ts'
import {
  letterData,
  letterSchema,
  predictionData,
  predictionSchema,
  previewTable,
} from '../letters/letter-data.ts'
import type { Block, Cell } from '../output/shown.ts'
import { bodyBlock, bodyData, bodySchema, isoTime, isoTimeOrNull } from './event-data.ts'

const attemptSchema = z.strictObject({
  at: z.iso.datetime(),
  eventId: z.string(),
  attempt: z.int(),
  outcome: z.string(),
  durationMs: z.number().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
  worker: z.string().nullable(),
})

/** `tds dlq show` */
export const dlqShow = defineCommand({
  description:
    'Shows one dead letter: why it was given up, every attempt, its record as it stands, and what replaying it would come to now. The body is only shown with --raw, which is written down.',
  arguments: [['<id>', 'the dead letter']],
  options: [
    ['--raw', 'show the body exactly as it came; may hold personal data, and is written down with your name'],
    ['--actor <name>', 'who you are, for --raw; default: your name on this machine'],
    ['--reason <text>', 'why, for --raw'],
  ],
  examples: [
    'dlq show 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10',
    'dlq show 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --raw --reason "which rate is it"',
  ],
  changes: false,
  input: z.object({ args: oneLetterInput, raw: z.boolean().default(false) }),
  data: z.strictObject({
    letter: letterSchema,
    eventIds: z.array(z.string()),
    record: z.strictObject({
      storedVersion: z.iso.datetime().nullable(),
      deletedAt: z.iso.datetime().nullable(),
    }),
    attempts: z.array(attemptSchema),
    /** Null where it is settled. */
    prediction: predictionSchema.nullable(),
    body: bodySchema.nullable(),
  }),
  run: async (session, { args: [id], raw }) => {
    const db = await session.database()
    const { letter, record, attempts, prediction } = await showLetter(db, id)
    return {
      data: {
        letter: letterData(letter, record),
        eventIds: [...letter.event_ids],
        record: {
          storedVersion: isoTimeOrNull(record.storedVersion),
          deletedAt: isoTimeOrNull(record.deletedAt),
        },
        attempts: attempts.map((one) => ({
          at: isoTime(one.logged_at),
          eventId: one.event_id,
          attempt: one.attempt,
          outcome: one.outcome,
          durationMs: one.duration_ms,
          code: one.error_code,
          message: one.error_message,
          worker: one.worker_id,
        })),
        prediction: prediction === null ? null : predictionData(prediction),
        body: raw ? bodyData(await revealLetter(db, id, session.request())) : null,
      },
    }
  },
  show: ({ letter, record, attempts, prediction, body }) => ({
    blocks: [
      { kind: 'facts', facts: factsOf({ ...letter, ...record }) },
      {
        kind: 'table',
        columns: ['at', 'outcome', 'attempt', 'ms', 'code', 'message', 'worker'],
        rows: attempts.map((one) => [
          one.at,
          one.outcome,
          one.attempt,
          one.durationMs,
          one.code,
          one.message,
          one.worker,
        ]),
      },
      ...(prediction === null ? [] : [previewTable([prediction])]),
      ...whyBlock(prediction?.why ?? null),
      ...(body === null ? [] : [bodyBlock(body)]),
    ],
    ids: [letter.letterId],
    records: attempts,
  }),
})

function whyBlock(why: string | null): Block[] {
  return why === null ? [] : [{ kind: 'lines', lines: [why] }]
}

function factsOf(facts: Readonly<Record<string, Cell>>): (readonly [string, Cell])[] {
  return Object.entries(facts).filter(([, value]) => value !== null)
}
