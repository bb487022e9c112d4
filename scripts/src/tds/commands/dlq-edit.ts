import { z } from 'zod'
import { editLetter } from '@tds/core'
import { defineCommand } from '../command.ts'
import { oneLetterInput } from '../input/letter-input.ts'
import { readGiven } from '../input/read-text.ts'
import { predictionSchema, previewTable } from '../letters/letter-data.ts'
import { usageError } from '../output/failure.ts'

/** `tds dlq edit` */
export const dlqEdit = defineCommand({
  description:
    'Puts an edited payload of a dead letter into the inbox as a revision; the original stays as it came and ends as discarded, and the two name each other. With --read nothing of the body is used: the record is read from Zoho. A reason is needed.',
  arguments: [['<id>', 'the dead letter']],
  options: [
    [
      '--payload <source>',
      'the edited body as JSON, in the form that a webhook has: @file, or - for standard input',
    ],
    ['--read', 'read the record from Zoho instead'],
  ],
  examples: [
    'dlq edit 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --payload @fixed.json --reason "the comma in the rate" --dry-run',
    'dlq edit 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --read --reason "corrected in Zoho"',
  ],
  changes: true,
  input: z.object({ args: oneLetterInput, payload: z.string().optional(), read: z.literal(true).optional() }),
  data: z.strictObject({
    letterId: z.string(),
    eventId: z.string(),
    supersedes: z.string(),
    entityType: z.string(),
    recordId: z.string(),
    operation: z.string(),
    sourceVersion: z.iso.datetime().nullable(),
    asksZoho: z.boolean(),
    /** What it would come to; in a rehearsal alone. */
    prediction: predictionSchema.omit({ letterId: true }).nullable(),
  }),
  run: async (session, { args: [letterId], payload: source, read }) => {
    if ((source === undefined) === (read === undefined))
      throw usageError('exactly one of --payload and --read is needed')
    const request = session.reasonedRequest()
    const payload = source === undefined ? undefined : await readGiven(session, { flag: '--payload', source })
    const result = await editLetter(await session.redriveParts(), { letterId, payload }, request)
    const { sourceEntityId: recordId, corrected: supersedes, prediction, ...rest } = result
    const said = prediction === null ? null : { ...prediction, fields: [...prediction.fields] }
    return { data: { ...rest, letterId, supersedes, recordId, prediction: said } }
  },
  show: (data) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          `${data.operation} of ${data.entityType} ${data.recordId} as event ${data.eventId}${data.asksZoho ? '; the record is read from Zoho' : ''}; ${data.supersedes} is superseded.`,
        ],
      },
      ...(data.prediction === null ? [] : [previewTable([{ letterId: data.letterId, ...data.prediction }])]),
    ],
    ids: [data.eventId],
    records: [data],
  }),
})
