import { z } from 'zod'
import { listOperations, operationStates } from '@tds/db'
import { defineCommand } from '../command.ts'
import { cursorAfter, cursorInput, limitInput, wordsInput } from '../input/parse-input.ts'
import { operationData, operationSchema } from '../letters/operation-data.ts'

/** `tds ops list` */
export const opsList = defineCommand({
  description: 'Lists operations, newest first: replays that people asked for, and those of the system.',
  arguments: [],
  options: [
    ['--status <statuses>', `only in these states, separated by commas: ${operationStates.join(', ')}`],
    ['--limit <count>', 'at most so many, 1 to 1000 (default: 50)'],
    ['--cursor <cursor>', 'go on where the page before ended'],
  ],
  examples: ['ops list --status running,stopped', 'ops list --json'],
  changes: false,
  input: z.object({
    status: wordsInput(operationStates).optional(),
    limit: limitInput,
    cursor: cursorInput.optional(),
  }),
  data: z.strictObject({ operations: z.array(operationSchema) }),
  run: async (session, { status: states, limit, cursor }) => {
    const filter = { organizationId: session.organizationId(), states }
    const page = { limit: limit + 1, after: cursor ?? null }
    const found = await listOperations(await session.database(), filter, page)
    const shown = found.slice(0, limit)
    const last = shown.at(-1)
    const isMore = found.length > limit && last !== undefined
    return {
      data: { operations: shown.map(operationData) },
      nextCursor: isMore ? cursorAfter(last.started_at, last.id) : null,
    }
  },
  show: ({ operations }) => ({
    blocks: [
      {
        kind: 'table',
        columns: ['operation', 'started', 'status', 'by', 'items', 'done', 'failed', 'reason'],
        rows: operations.map((one) => [
          one.operationId,
          one.startedAt,
          one.status,
          one.requestedBy,
          one.items,
          one.done,
          one.outcomes['failed'] ?? 0,
          one.reason,
        ]),
      },
    ],
    ids: operations.map(({ operationId }) => operationId),
    records: operations,
  }),
})
