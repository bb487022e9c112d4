import { z } from 'zod'
import { eventNotFound, revealBody } from '@tds/core'
import { eventLife, findEvent } from '@tds/db'
import { defineCommand } from '../command.ts'
import { oneEventInput } from '../input/parse-input.ts'
import {
  bodyBlock,
  bodyData,
  bodySchema,
  detailOf,
  eventDetailSchema,
  eventFacts,
  lifeStepSchema,
  stepOf,
} from './event-data.ts'

/** `tds events show` */
export const eventsShow = defineCommand({
  description:
    'Shows one event and all that happened to it: attempts, changes of records, dead letters, what people did. The body is only shown with --raw, which is written down.',
  arguments: [['<id>', 'the event']],
  options: [
    ['--raw', 'show the body exactly as it came; may hold personal data, and is written down with your name'],
    ['--actor <name>', 'who you are, for --raw; default: your name on this machine'],
    ['--reason <text>', 'why, for --raw'],
  ],
  examples: [
    'events show 58d7d51b-6a0e-5c3a-9f61-0d3f6a7f6f10',
    'events show 58d7d51b-6a0e-5c3a-9f61-0d3f6a7f6f10 --raw',
  ],
  changes: false,
  input: z.object({ args: oneEventInput, raw: z.boolean().default(false) }),
  data: z.strictObject({
    event: eventDetailSchema,
    life: z.array(lifeStepSchema),
    body: bodySchema.nullable(),
  }),
  run: async (session, { args: [id], raw }) => {
    const db = await session.database()
    const event = await findEvent(db, id)
    if (event === null) throw eventNotFound(id)
    const body = raw ? bodyData(await revealBody(db, id, session.request())) : null
    return { data: { event: detailOf(event), life: (await eventLife(db, id)).map(stepOf), body } }
  },
  show: ({ event, life, body }) => ({
    blocks: [
      eventFacts(event),
      {
        kind: 'table',
        columns: ['at', 'kind', 'what', 'by', 'detail'],
        rows: life.map((step) => [step.at, step.kind, step.what, step.by, step.detail]),
      },
      ...(body === null ? [] : [bodyBlock(body)]),
    ],
    ids: [event.eventId],
    records: life,
  }),
})
