import { z } from 'zod'
import { integrations, matcherSchema, matcherWords, type Routing } from '@tds/alerting'
import type { Shown } from './shown.ts'

/** Who is told of what, as the JSON form has it: what `alert-routing set` takes. */
export const routingDataSchema = z.strictObject({
  receivers: z.record(z.string(), z.array(z.enum(integrations))),
  routes: z.array(
    z.strictObject({
      name: z.string(),
      matchers: z.array(matcherSchema),
      receivers: z.array(z.string()),
      groupBy: z.array(z.string()),
      continue: z.boolean(),
    }),
  ),
})

/** Who is told of what, for people: the routes in their order, each with the ways of its receivers. */
export function routingTable({ receivers, routes }: Routing): Shown['blocks'][number] {
  return {
    kind: 'table',
    columns: ['route', 'takes', 'told', 'by', 'together', 'goes on'],
    rows: routes.map((route) => [
      route.name,
      route.matchers.length === 0 ? 'everything' : matcherWords(route.matchers),
      route.receivers.join(', '),
      [...new Set(route.receivers.flatMap((name) => receivers[name] ?? []))].join(', '),
      route.groupBy.join(', '),
      route.continue ? 'yes' : 'no',
    ]),
  }
}
