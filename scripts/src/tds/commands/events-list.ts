import { z } from 'zod'
import { entities } from '@tds/core'
import { listEvents } from '@tds/db'
import { defineCommand, type OptionDefinition } from '../command.ts'
import { cursorAfter, cursorInput, limitInput, momentInput, wordsInput } from '../input/parse-input.ts'
import { eventSummarySchema, eventTable, summaryOf } from './event-data.ts'

const statuses = [
  'pending',
  'processing',
  'applied',
  'unchanged',
  'stale',
  'retry',
  'dead_letter',
  'quarantined',
  'discarded',
] as const
const types = entities.map((entity) => entity.type)

/** Options of every list of events. */
export const listOptions: readonly OptionDefinition[] = [
  ['--type <type>', `only this kind of record: ${types.join(', ')}`],
  ['--record <id>', "only this record, by Zoho's id"],
  ['--reason-code <code>', 'only with this reason or error code'],
  ['--since <moment>', 'only received since: a date, a time with its zone, or an age such as 24h or 7d'],
  ['--limit <count>', 'at most so many, 1 to 1000 (default: 50)'],
  ['--cursor <cursor>', 'go on where the page before ended'],
]

/** The same, checked. */
export const listInput = z.object({
  type: z.enum(types, `expected one of ${types.join(', ')}`).optional(),
  record: z.string().optional(),
  reasonCode: z.string().optional(),
  since: momentInput.optional(),
  limit: limitInput,
  cursor: cursorInput.optional(),
})

/** `tds events list` */
export const eventsList = defineCommand({
  description: 'Lists events of the inbox, newest first.',
  arguments: [],
  options: [
    ['--status <statuses>', `only in these states, separated by commas: ${statuses.join(', ')}`],
    ...listOptions,
  ],
  examples: [
    'events list --status retry,dead_letter --since 24h',
    'events list --record 573914000000312001 --json',
  ],
  changes: false,
  input: listInput.extend({ status: wordsInput(statuses).optional() }),
  data: z.strictObject({ events: z.array(eventSummarySchema) }),
  run: async (session, input) => {
    const filter = {
      statuses: input.status,
      entityType: input.type,
      sourceEntityId: input.record,
      errorCode: input.reasonCode,
      receivedSince: input.since,
    }
    // One more than asked for tells whether there is more.
    const page = { limit: input.limit + 1, after: input.cursor ?? null, oldestFirst: false }
    return pageOf(await listEvents(await session.database(), filter, page), input.limit)
  },
  show: ({ events }) => ({
    blocks: [eventTable(events)],
    ids: events.map((event) => event.eventId),
    records: events,
  }),
})

/** One page of what was read, and where the next one begins. */
export function pageOf(found: Awaited<ReturnType<typeof listEvents>>, limit: number) {
  const shown = found.slice(0, limit)
  const last = shown.at(-1)
  const nextCursor =
    found.length > limit && last !== undefined ? cursorAfter(last.received_at, last.id) : null
  return { data: { events: shown.map(summaryOf) }, nextCursor }
}
