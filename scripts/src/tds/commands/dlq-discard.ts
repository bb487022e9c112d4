import { z } from 'zod'
import { discardLetters } from '@tds/core'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { letterInput, letterOptions } from '../input/letter-input.ts'
import { numberInput } from '../input/parse-input.ts'
import { chooseLetters, chooseOptions } from '../letters/choose-letters.ts'

const resultSchema = z.strictObject({
  letterId: z.string(),
  outcome: z.enum(['discarded', 'not_found', 'settled', 'busy']),
  events: z.int().min(0),
  detail: z.string().nullable(),
})

/** `tds dlq discard` */
export const dlqDiscard = defineCommand({
  description: 'Ends dead letters for good; nothing of them is applied. A reason is needed.',
  arguments: [['[ids...]', 'the dead letters; - reads them from standard input, one a line']],
  options: [...letterOptions, ...chooseOptions],
  examples: [
    'dlq discard 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --reason "a test record"',
    'dlq discard --group 3f0a9c --dry-run --reason "the sandbox"',
  ],
  changes: true,
  input: z.object({
    args: z.array(z.string()),
    ...letterInput,
    all: z.literal(true).optional(),
    expect: numberInput.optional(),
  }),
  data: z.strictObject({ results: z.array(resultSchema) }),
  run: async (session, given) => {
    const request = session.reasonedRequest()
    const chosen = await chooseLetters(session, given)
    const organizationId = session.organizationId()
    const results = await discardLetters(
      await session.operatorParts(),
      { organizationId, ...chosen },
      request,
    )
    const isPartial = results.some((result) => result.outcome !== 'discarded')
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
    ids: results.filter(({ outcome }) => outcome === 'discarded').map(({ letterId }) => letterId),
    records: results,
  }),
})
