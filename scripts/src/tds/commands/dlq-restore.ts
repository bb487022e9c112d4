import { z } from 'zod'
import { restoreLetters } from '@tds/core'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { idsOf } from '../letters/choose-letters.ts'

const resultSchema = z.strictObject({
  letterId: z.string(),
  outcome: z.enum(['restored', 'not_found', 'not_discarded', 'outdated']),
  events: z.int().min(0),
  detail: z.string().nullable(),
})

/** `tds dlq restore` */
export const dlqRestore = defineCommand({
  description:
    'Opens discarded dead letters again, as they were; nothing of them is applied before they are replayed. A reason is needed.',
  arguments: [['<ids...>', 'the dead letters; - reads them from standard input, one a line']],
  options: [],
  examples: [
    'dlq restore 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --reason "discarded by mistake"',
    'dlq list --status discarded --since 1h -o id | tds dlq restore - --reason "the wrong group"',
  ],
  changes: true,
  input: z.object({ args: z.array(z.string()).min(1, 'expected the id of at least one dead letter') }),
  data: z.strictObject({ results: z.array(resultSchema) }),
  run: async (session, { args }) => {
    const request = session.reasonedRequest()
    const ids = await idsOf(session, args)
    const results = await restoreLetters(await session.operatorParts(), ids, request)
    const isPartial = results.some((result) => result.outcome !== 'restored')
    return { data: { results }, exitCode: isPartial ? exitCodes.partial : exitCodes.done }
  },
  show: ({ results }) => ({
    blocks: [
      {
        kind: 'table',
        columns: ['letter', 'outcome', 'events', 'detail'],
        rows: results.map((result) => [result.letterId, result.outcome, result.events, result.detail]),
      },
    ],
    ids: results.filter(({ outcome }) => outcome === 'restored').map(({ letterId }) => letterId),
    records: results,
  }),
})
