import { z } from 'zod'
import { readRouting, routeAlert } from '@tds/alerting'
import { defineCommand } from '../command.ts'
import { routingDataSchema, routingTable } from '../output/routing-data.ts'

/** `label=value`, as an alert has them. */
const labelsInput = z.array(z.string()).transform((texts, context): Record<string, string> => {
  const labels: Record<string, string> = {}
  for (const text of texts) {
    const [, label, value] = /^([\w.-]{1,64})=(.{1,200})$/s.exec(text) ?? []
    if (label === undefined || value === undefined)
      context.addIssue({ code: 'custom', message: `expected label=value, not ${text}` })
    else labels[label] = value
  }
  return labels
})

const takenSchema = z.strictObject({
  route: z.string(),
  receivers: z.array(z.string()),
  /** The ways of these receivers; which of them are set up, the alerter knows. */
  ways: z.array(z.string()),
  /** Alerts that share these labels are told together. */
  group: z.record(z.string(), z.string()),
})

/** `tds alert-routing show` */
export const alertRoutingShow = defineCommand({
  description:
    'Shows who is told of which alerts: the routes in their order, of which the first that takes an alert decides. With the labels of an alert it says where that one would go, and sends nothing.',
  arguments: [['[labels...]', 'label=value of an alert; rule and severity are labels like the others']],
  options: [],
  examples: [
    'alert-routing show',
    'alert-routing show severity=critical rule=worker_down',
    'alert-routing show --json',
  ],
  changes: false,
  input: z.object({ args: labelsInput }),
  data: z.strictObject({
    /** Whether nobody has set anything. */
    isDefault: z.boolean(),
    /** Why what somebody has set is refused: then an alerter goes on as before. */
    problem: z.string().nullable(),
    routing: routingDataSchema.nullable(),
    /** Where an alert with these labels goes; null where none were named. */
    taken: z.array(takenSchema).nullable(),
  }),
  run: async (session, { args: labels }) => {
    const { routing, isDefault, problem } = await readRouting(await session.database())
    const isAsked = routing !== null && Object.keys(labels).length > 0
    const taken = isAsked ? routeAlert(routing, labels) : null
    return {
      data: {
        isDefault,
        problem,
        routing,
        taken:
          taken?.map(({ route, groupLabels }) => {
            const receivers = routing?.routes.find(({ name }) => name === route)?.receivers ?? []
            const ways = receivers.flatMap((name) => routing?.receivers[name] ?? [])
            return { route, receivers, ways: [...new Set(ways)], group: { ...groupLabels } }
          }) ?? null,
      },
    }
  },
  show: ({ isDefault, problem, routing, taken }) => ({
    blocks: [
      ...(problem === null
        ? []
        : [
            {
              kind: 'lines' as const,
              lines: [`What is set is refused, and the alerter goes on as before: ${problem}`],
            },
          ]),
      ...(isDefault
        ? [{ kind: 'lines' as const, lines: ['Nobody has set anything: this is what holds then.'] }]
        : []),
      ...(routing === null ? [] : [routingTable(routing)]),
      ...(taken === null
        ? []
        : [
            {
              kind: 'table' as const,
              columns: ['would take it', 'told', 'by', 'together with'],
              rows: taken.map(({ route, receivers, ways, group }) => [
                route,
                receivers.join(', '),
                ways.join(', '),
                Object.entries(group)
                  .map(([label, value]) => `${label}=${value}`)
                  .join(' '),
              ]),
            },
          ]),
    ],
    ids: (taken ?? routing?.routes.map(({ name }) => ({ route: name })) ?? []).map(({ route }) => route),
    records: [{ isDefault, problem, routing, taken }],
  }),
})
