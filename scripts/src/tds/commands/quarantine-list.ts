import { z } from 'zod'
import { listEvents } from '@tds/db'
import { defineCommand } from '../command.ts'
import { eventSummarySchema, eventTable } from './event-data.ts'
import { listInput, listOptions, pageOf } from './events-list.ts'

/** `tds quarantine list` */
export const quarantineList = defineCommand({
  description: 'Lists what is in quarantine: deliveries that are authentic and cannot be used. Oldest first.',
  arguments: [],
  options: listOptions,
  examples: ['quarantine list', 'quarantine list --reason-code no_id -o id'],
  changes: false,
  input: listInput,
  data: z.strictObject({ events: z.array(eventSummarySchema) }),
  run: async (session, input) => {
    const filter = {
      statuses: ['quarantined'],
      entityType: input.type,
      sourceEntityId: input.record,
      errorCode: input.reasonCode,
      receivedSince: input.since,
    }
    const page = { limit: input.limit + 1, after: input.cursor ?? null, oldestFirst: true }
    return pageOf(await listEvents(await session.database(), filter, page), input.limit)
  },
  show: ({ events }) => ({
    blocks: [eventTable(events)],
    ids: events.map((event) => event.eventId),
    records: events,
  }),
})
