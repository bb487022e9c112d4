import { z } from 'zod'
import { recordsNow } from '@tds/core'
import { listDeadLetters } from '@tds/db'
import { defineCommand } from '../command.ts'
import {
  letterFilter,
  letterInput,
  letterOptions,
  statusesInput,
  statusesOption,
} from '../input/letter-input.ts'
import { cursorAfter, cursorInput, limitInput } from '../input/parse-input.ts'
import { letterData, letterSchema, letterTable } from '../letters/letter-data.ts'

/** `tds dlq list` */
export const dlqList = defineCommand({
  description:
    'Lists dead letters, oldest first, each beside its record as it stands: current, older (the version guard would ignore it), record_deleted, not_stored, or unknown where one of them has no version.',
  arguments: [],
  options: [
    statusesOption,
    ...letterOptions,
    ['--limit <count>', 'at most so many, 1 to 1000 (default: 50)'],
    ['--cursor <cursor>', 'go on where the page before ended'],
  ],
  examples: ['dlq list --class data', 'dlq list --group 3f0a9c -o id'],
  changes: false,
  input: z.object({
    ...letterInput,
    status: statusesInput,
    limit: limitInput,
    cursor: cursorInput.optional(),
  }),
  data: z.strictObject({ letters: z.array(letterSchema) }),
  run: async (session, input) => {
    const db = await session.database()
    const filter = {
      ...letterFilter(input),
      organizationId: session.organizationId(),
      statuses: input.status,
    }
    const found = await listDeadLetters(db, filter, { limit: input.limit + 1, after: input.cursor ?? null })
    const shown = found.slice(0, input.limit)
    const records = await recordsNow(db, shown)
    const last = shown.at(-1)
    const isMore = found.length > input.limit && last !== undefined
    return {
      data: { letters: shown.map((letter) => letterData(letter, records.get(letter.id))) },
      nextCursor: isMore ? cursorAfter(last.created_at, last.id) : null,
    }
  },
  show: ({ letters }) => ({
    blocks: [letterTable(letters)],
    ids: letters.map(({ letterId }) => letterId),
    records: letters,
  }),
})
