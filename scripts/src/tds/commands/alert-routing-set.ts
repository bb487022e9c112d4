import { z } from 'zod'
import { setRouting } from '@tds/alerting'
import { defineCommand } from '../command.ts'
import { readGiven } from '../input/read-text.ts'
import { usageError } from '../output/failure.ts'
import { routingDataSchema, routingTable } from '../output/routing-data.ts'

/** `tds alert-routing set` */
export const alertRoutingSet = defineCommand({
  description:
    'Sets who is told of which alerts, whole. A routing that would tell something to nobody is refused. A reason is needed. What was before and is after is kept in tds_operator_actions; it holds from the next evaluation on.',
  arguments: [],
  options: [
    [
      '--to <source>',
      'the routing as JSON, as alert-routing show --json has it: @file, or - for standard input',
    ],
  ],
  examples: [
    'alert-routing set --to @routing.json --reason "nights go to the telephone"',
    'alert-routing set --to - --reason "a try" --dry-run',
  ],
  changes: true,
  input: z.object({ to: z.string().optional() }),
  data: z.strictObject({ routing: routingDataSchema }),
  run: async (session, { to: source }) => {
    if (source === undefined) throw usageError('--to is needed')
    const text = (await readGiven(session, { flag: '--to', source })).toString('utf8')
    const change = await setRouting(await session.database(), jsonOf(text), session.reasonedRequest())
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

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw usageError('--to: expected JSON')
  }
}
