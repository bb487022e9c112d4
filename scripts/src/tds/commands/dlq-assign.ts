import { z } from 'zod'
import { assignLetters } from '@tds/core'
import { defineCommand } from '../command.ts'
import { letterInput, letterOptions } from '../input/letter-input.ts'
import { numberInput } from '../input/parse-input.ts'
import { chooseLetters, chooseOptions } from '../letters/choose-letters.ts'
import { countWords } from '../output/amounts.ts'
import { usageError } from '../output/failure.ts'

/** `tds dlq assign` */
export const dlqAssign = defineCommand({
  description:
    'Says who looks after open dead letters, all that are named or none; dlq stats counts them by name.',
  arguments: [['[ids...]', 'the dead letters; - reads them from standard input, one a line']],
  options: [
    ['--to <name>', 'who looks after them'],
    ['--nobody', 'nobody does any more'],
    ...letterOptions,
    ...chooseOptions,
  ],
  examples: [
    'dlq assign 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --to amal',
    'dlq assign --group 3f0a9c --expect 41 --to amal --reason "she knows the shop"',
  ],
  changes: true,
  input: z.object({
    args: z.array(z.string()),
    ...letterInput,
    to: z.string().trim().min(1, 'expected a name').max(100, 'expected at most 100 characters').optional(),
    nobody: z.literal(true).optional(),
    all: z.literal(true).optional(),
    expect: numberInput.optional(),
  }),
  data: z.strictObject({
    letterIds: z.array(z.string()),
    assignedTo: z.string().nullable(),
    changed: z.int().min(0),
  }),
  run: async (session, given) => {
    const { to = null, nobody } = given
    if ((to === null) === (nobody === undefined))
      throw usageError('exactly one is needed of --to and --nobody')
    const chosen = await chooseLetters(session, given)
    const organizationId = session.organizationId()
    const wanted = { organizationId, ...chosen, to }
    const { letterIds, changed } = await assignLetters(await session.database(), wanted, session.request())
    return { data: { letterIds: [...letterIds], assignedTo: to, changed } }
  },
  show: ({ letterIds, assignedTo, changed }) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          `${assignedTo ?? 'nobody'} looks after ${countWords(letterIds.length)} dead letters, ${countWords(changed)} of them from now on.`,
        ],
      },
    ],
    ids: letterIds,
    records: letterIds.map((letterId) => ({ letterId, assignedTo })),
  }),
})
