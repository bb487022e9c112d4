import { z } from 'zod'
import { itemOutcomes, listItems } from '@tds/db'
import { defineCommand } from '../command.ts'
import { oneOperationInput } from '../input/letter-input.ts'
import { cursorAfterNumber, limitInput, numberCursorInput } from '../input/parse-input.ts'
import {
  itemData,
  itemSchema,
  operationFacts,
  operationSchema,
  operationWords,
} from '../letters/operation-data.ts'
import { readOperation } from '../letters/watch-operation.ts'

/** `tds ops show` */
export const opsShow = defineCommand({
  description:
    'Shows one operation and what became of each item beside what was said of it beforehand. Waiting, queued and done add up to the selection.',
  arguments: [['<operation>', 'the operation']],
  options: [
    ['--outcome <outcome>', `only items with this outcome: ${itemOutcomes.join(', ')}`],
    ['--limit <count>', 'at most so many items, 1 to 1000 (default: 50)'],
    ['--cursor <cursor>', 'go on where the page before ended'],
  ],
  examples: ['ops show 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21 --outcome failed'],
  changes: false,
  input: z.object({
    args: oneOperationInput,
    outcome: z.enum(itemOutcomes, `expected one of ${itemOutcomes.join(', ')}`).optional(),
    limit: limitInput,
    cursor: numberCursorInput.optional(),
  }),
  data: z.strictObject({ operation: operationSchema, items: z.array(itemSchema) }),
  run: async (session, { args: [id], outcome, limit, cursor }) => {
    const operation = await readOperation(session, id)
    const page = { outcome, after: Number(cursor ?? 0), limit: limit + 1 }
    const found = await listItems(await session.database(), id, page)
    const items = found.slice(0, limit).map(itemData)
    const last = items.at(-1)
    const isMore = found.length > limit && last !== undefined
    return {
      data: { operation, items },
      nextCursor: isMore ? cursorAfterNumber(String(last.place)) : null,
    }
  },
  show: ({ operation, items }) => ({
    blocks: [
      { kind: 'lines', lines: [operationWords(operation)] },
      operationFacts(operation),
      {
        kind: 'table',
        columns: ['place', 'letter', 'class', 'type', 'record', 'predicted', 'outcome', 'detail'],
        rows: items.map((item) => [
          item.place,
          item.letterId,
          item.class,
          item.entityType,
          item.recordId,
          item.predicted,
          item.outcome ?? item.state,
          item.detail,
        ]),
      },
    ],
    ids: items.map(({ letterId }) => letterId),
    records: items,
  }),
})
