import { z } from 'zod'
import { resetRouting } from '@tds/alerting'
import { defineCommand } from '../command.ts'
import { routingDataSchema, routingTable } from '../output/routing-data.ts'

/** `tds alert-routing reset` */
export const alertRoutingReset = defineCommand({
  description:
    'Takes who is told of which alerts back to what holds when nobody has set anything. A reason is needed. What was before is kept in tds_operator_actions.',
  arguments: [],
  options: [],
  examples: [
    'alert-routing reset --reason "the telephone is gone"',
    'alert-routing reset --reason "a try" --dry-run',
  ],
  changes: true,
  input: z.object({}),
  data: z.strictObject({ routing: routingDataSchema }),
  run: async (session) => {
    const change = await resetRouting(await session.database(), session.reasonedRequest())
    return { data: { routing: change.after } }
  },
  show: ({ routing }) => ({
    blocks: [
      { kind: 'lines', lines: ['People are told so from the next evaluation on:'] },
      routingTable(routing),
    ],
    ids: routing.routes.map(({ name }) => name),
    records: [routing],
  }),
})
