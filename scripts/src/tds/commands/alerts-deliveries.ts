import { z } from 'zod'
import { listNotifications } from '@tds/db'
import { deliveryData, deliverySchema, deliveryTable } from '../alerts/delivery-data.ts'
import { defineCommand } from '../command.ts'
import { cursorAfter, cursorInput, limitInput } from '../input/parse-input.ts'

/** `tds alerts deliveries` */
export const alertsDeliveries = defineCommand({
  description:
    'Lists messages, the newest first, and what became of each: what the provider answered, when it is tried again, and which message tells it instead.',
  arguments: [],
  options: [
    ['--failed', 'only what was given up, and what fails at this moment'],
    ['--limit <count>', 'at most so many, 1 to 1000 (default: 50)'],
    ['--cursor <cursor>', 'go on where the page before ended'],
  ],
  examples: ['alerts deliveries --failed', 'alerts deliveries --limit 10 --json'],
  changes: false,
  input: z.object({
    failed: z.boolean().default(false),
    limit: limitInput,
    cursor: cursorInput.optional(),
  }),
  data: z.strictObject({ deliveries: z.array(deliverySchema) }),
  run: async (session, { failed, limit, cursor }) => {
    const db = await session.database()
    const found = await listNotifications(db, { failed, limit: limit + 1, after: cursor ?? null })
    const shown = found.slice(0, limit)
    const last = shown.at(-1)
    const isMore = found.length > limit && last !== undefined
    return {
      data: { deliveries: shown.map(deliveryData) },
      nextCursor: isMore ? cursorAfter(last.created_at, last.id) : null,
    }
  },
  show: ({ deliveries }) => ({
    blocks: [deliveryTable(deliveries)],
    ids: deliveries.map(({ messageId }) => messageId),
    records: deliveries,
  }),
})
