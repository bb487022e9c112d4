import { z } from 'zod'
import { eventNotFound, redriveEvents } from '@tds/core'
import { eventLife, findEvent } from '@tds/db'
import { defineCommand } from '../command.ts'
import { oneEventInput } from '../input/parse-input.ts'
import { detailOf, eventDetailSchema, eventFacts, lifeStepSchema, stepOf } from './event-data.ts'
import { redriveData, redriveResultSchema } from './quarantine-redrive.ts'

/** `tds quarantine show` */
export const quarantineShow = defineCommand({
  description:
    'Shows one quarantined delivery: why it cannot be used, what people did to it, and what driving it again would come to today.',
  arguments: [['<id>', 'the event']],
  options: [],
  examples: ['quarantine show 58d7d51b-6a0e-5c3a-9f61-0d3f6a7f6f10'],
  changes: false,
  input: z.object({ args: oneEventInput }),
  data: z.strictObject({
    event: eventDetailSchema,
    life: z.array(lifeStepSchema),
    /** What `quarantine redrive` would come to; null where the event is not in quarantine any more. */
    redrive: redriveResultSchema.nullable(),
  }),
  run: async (session, { args: [id] }) => {
    const parts = await session.redriveParts()
    const event = await findEvent(parts.db, id)
    if (event === null) throw eventNotFound(id)
    const life = (await eventLife(parts.db, id)).map(stepOf)
    const rehearsal = { ...session.request(), dryRun: true }
    const tried = event.status === 'quarantined' ? await redriveEvents(parts, [id], rehearsal) : []
    return { data: { event: detailOf(event), life, redrive: tried.map(redriveData)[0] ?? null } }
  },
  show: ({ event, life, redrive }) => ({
    blocks: [
      eventFacts(event),
      {
        kind: 'table',
        columns: ['at', 'kind', 'what', 'by', 'detail'],
        rows: life.map((step) => [step.at, step.kind, step.what, step.by, step.detail]),
      },
      { kind: 'lines', lines: [verdict(redrive)] },
    ],
    ids: [event.eventId],
    records: life,
  }),
})

function verdict(redrive: z.output<typeof redriveResultSchema> | null): string {
  if (redrive === null) return 'It is not in quarantine.'
  if (redrive.outcome !== 'requeued')
    return `Still unusable (${redrive.reason ?? ''}): ${redrive.detail ?? ''}`
  return `It would be accepted today: ${redrive.operation ?? ''} of ${redrive.entityType ?? ''} ${redrive.recordId ?? ''}.`
}
