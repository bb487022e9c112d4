import { z } from 'zod'
import { editLetter } from '@tds/core'
import { defineCommand } from '../command.ts'
import { editOptions, readEdit } from '../input/edit-input.ts'
import { oneLetterInput } from '../input/letter-input.ts'
import { predictionSchema, previewTable } from '../letters/letter-data.ts'

/** `tds dlq edit` */
export const dlqEdit = defineCommand({
  description:
    'Puts an edited payload of a dead letter into the inbox as a revision; the original stays as it came and ends as discarded, and the two name each other. What is set or patched is laid over the body as it came. With --read nothing of the body is used: the record is read from Zoho. A reason is needed.',
  arguments: [['<id>', 'the dead letter']],
  options: editOptions,
  examples: [
    'dlq edit 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --set item.rate=14.50 --reason "14.50, says the shop" --dry-run',
    'dlq edit 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --patch @patch.json --reason "no such tax"',
    'dlq edit 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --payload @fixed.json --reason "the comma in the rate" --dry-run',
    'dlq edit 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --read --reason "corrected in Zoho"',
  ],
  changes: true,
  input: z.object({
    args: oneLetterInput,
    set: z.array(z.string()).optional(),
    patch: z.string().optional(),
    payload: z.string().optional(),
    read: z.literal(true).optional(),
  }),
  data: z.strictObject({
    letterId: z.string(),
    eventId: z.string(),
    supersedes: z.string(),
    entityType: z.string(),
    recordId: z.string(),
    operation: z.string(),
    sourceVersion: z.iso.datetime().nullable(),
    asksZoho: z.boolean(),
    /** Where the body differs from the original, as JSON Pointers; null where that cannot be said. */
    changed: z.array(z.string()).nullable(),
    /** What it would come to; in a rehearsal alone. */
    prediction: predictionSchema.omit({ letterId: true }).nullable(),
  }),
  run: async (session, { args: [letterId], ...input }) => {
    const request = session.reasonedRequest()
    const edit = await readEdit(session, input)
    const result = await editLetter(await session.redriveParts(), { letterId, ...edit }, request)
    const { sourceEntityId: recordId, corrected: supersedes, prediction, changed, ...rest } = result
    const said = prediction === null ? null : { ...prediction, fields: [...prediction.fields] }
    const places = changed === null ? null : [...changed]
    return { data: { ...rest, letterId, supersedes, recordId, changed: places, prediction: said } }
  },
  show: (data) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          `${data.operation} of ${data.entityType} ${data.recordId} as event ${data.eventId}${data.asksZoho ? '; the record is read from Zoho' : ''}; ${data.supersedes} is superseded.`,
          ...(data.changed === null ? [] : [`Changed: ${data.changed.join(', ')}`]),
        ],
      },
      ...(data.prediction === null ? [] : [previewTable([{ letterId: data.letterId, ...data.prediction }])]),
    ],
    ids: [data.eventId],
    records: [data],
  }),
})
