import { z } from 'zod'
import { correctQuarantined, entities } from '@tds/core'
import { defineCommand } from '../command.ts'
import { oneEventInput } from '../input/parse-input.ts'
import { readGiven } from '../input/read-text.ts'
import { usageError } from '../output/failure.ts'

const types = entities.map((entity) => entity.type)
const operations = ['create', 'update', 'delete', 'upsert'] as const

/** `tds quarantine correct` */
export const quarantineCorrect = defineCommand({
  description:
    'Puts a corrected copy of a quarantined delivery into the inbox; the original is kept as discarded, and the two name each other. With --id alone nothing of the body is used: the record is read from Zoho.',
  arguments: [['<id>', 'the event']],
  options: [
    ['--entity <type>', `the kind of record it is about: ${types.join(', ')}`],
    ['--id <id>', "Zoho's id of the record"],
    ['--operation <operation>', `what was done to it: ${operations.join(', ')}`],
    ['--payload <source>', 'the corrected body as JSON: @file, or - for standard input'],
  ],
  examples: [
    'quarantine correct 58d7d51b-6a0e-5c3a-9f61-0d3f6a7f6f10 --id 573914000000312001 --reason "named in the mail of Zoho"',
    'quarantine correct 58d7d51b-6a0e-5c3a-9f61-0d3f6a7f6f10 --entity invoice --payload @fixed.json --reason "comma was missing" --dry-run',
  ],
  changes: true,
  input: z.object({
    args: oneEventInput,
    entity: z.enum(types, `expected one of ${types.join(', ')}`).optional(),
    id: z
      .string()
      .regex(/^\d{1,100}$/, "expected Zoho's id, which is made of digits")
      .optional(),
    operation: z.enum(operations, `expected one of ${operations.join(', ')}`).optional(),
    payload: z.string().optional(),
  }),
  data: z.strictObject({
    eventId: z.string(),
    corrected: z.string(),
    entityType: z.string(),
    recordId: z.string(),
    operation: z.string(),
    sourceVersion: z.iso.datetime().nullable(),
    asksZoho: z.boolean(),
  }),
  run: async (session, { args: [eventId], entity, id, operation, payload }) => {
    if ([entity, id, operation, payload].every((given) => given === undefined)) {
      throw usageError('one of --entity, --id, --operation and --payload is needed: nothing was corrected')
    }
    const request = session.reasonedRequest()
    const body =
      payload === undefined ? undefined : await readGiven(session, { flag: '--payload', source: payload })
    const correction = { entityType: entity, zohoId: id, operation, payload: body }
    const result = await correctQuarantined(await session.redriveParts(), { eventId, correction }, request)
    const { sourceEntityId, ...rest } = result
    return { data: { ...rest, recordId: sourceEntityId } }
  },
  show: (data) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          `${data.operation} of ${data.entityType} ${data.recordId} as event ${data.eventId}${data.asksZoho ? '; the record is read from Zoho' : ''}.`,
        ],
      },
    ],
    ids: [data.eventId],
    records: [data],
  }),
})
