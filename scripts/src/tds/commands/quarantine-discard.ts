import { z } from 'zod'
import { discardQuarantined } from '@tds/core'
import { defineCommand } from '../command.ts'
import { oneEventInput } from '../input/parse-input.ts'

/** `tds quarantine discard` */
export const quarantineDiscard = defineCommand({
  description:
    'Ends a quarantined delivery for good; nothing of it is applied. A reason is needed. If the same bytes are delivered again, they are in quarantine again.',
  arguments: [['<id>', 'the event']],
  options: [],
  examples: ['quarantine discard 58d7d51b-6a0e-5c3a-9f61-0d3f6a7f6f10 --reason "a test of the webhook"'],
  changes: true,
  input: z.object({ args: oneEventInput }),
  data: z.strictObject({ eventId: z.string(), reason: z.string().nullable() }),
  run: async (session, { args: [id] }) => {
    const request = session.reasonedRequest()
    return { data: await discardQuarantined(await session.operatorParts(), id, request) }
  },
  show: (data) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [`${data.eventId} is discarded; it was in quarantine for ${data.reason ?? 'no reason'}.`],
      },
    ],
    ids: [data.eventId],
    records: [data],
  }),
})
