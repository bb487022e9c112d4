import { z } from 'zod'
import { canonicalJson, sha256Hex } from '@tds/core'
import { usedLabels, type Labels } from '../labels.ts'
import { matcherSchema, matches } from '../matchers.ts'
import { integrations, type Integration } from '../receivers/receiver.ts'
import type { Severity } from '../severity.ts'

/** When a group is told of, in seconds; `repeat` null for never. */
export interface GroupTimers {
  /** From the first alert to the first message. */
  readonly wait: number
  /** Between messages about changes. */
  readonly interval: number
  /** Until the same is told again. */
  readonly repeat: number | null
}

/** The timers by urgency. */
export const groupTimers: Readonly<Record<Severity, GroupTimers>> = {
  critical: { wait: 0, interval: 60, repeat: 15 * 60 },
  error: { wait: 15, interval: 300, repeat: 3600 },
  warning: { wait: 30, interval: 300, repeat: 4 * 3600 },
  info: { wait: 300, interval: 3600, repeat: null },
}

const routeSchema = z.object({
  name: z.string().min(1).max(64),
  /** All must hold; none catches everything. */
  matchers: z.array(matcherSchema),
  /** Names of receivers. */
  receivers: z.array(z.string().min(1)).min(1),
  /** Labels that make groups; `...` for all of them. */
  groupBy: z.array(z.string()).default(['rule']),
  /** Whether later routes are looked at as well. */
  continue: z.boolean().default(false),
})

/** Who is told of what, as the setting `alert_routing` has it. */
export const routingSchema = z
  .object({
    receivers: z.record(z.string().min(1).max(64), z.array(z.enum(integrations)).min(1)),
    routes: z.array(routeSchema).min(1),
  })
  .superRefine(({ receivers, routes }, problems) => {
    const last = routes.at(-1)
    if (last !== undefined && (last.matchers.length > 0 || last.continue))
      problems.addIssue('the last route must catch everything: nothing may be told to nobody')
    const names = routes.map(({ name }) => name)
    if (new Set(names).size < names.length) problems.addIssue('two routes have the same name')
    for (const { name, receivers: wanted } of routes)
      for (const one of wanted)
        if (!(one in receivers)) problems.addIssue(`route ${name} names a receiver ${one} that is not there`)
  })

/** Who is told of what. */
export type Routing = z.output<typeof routingSchema>

/** What holds until somebody changes it: the urgent to everybody by every way, the rest to the team. */
export const defaultRouting: Routing = {
  receivers: { everyone: [...integrations], team: ['slack', 'email', 'webhook'] },
  routes: [
    {
      name: 'critical',
      matchers: [{ label: 'severity', op: '=', values: ['critical'] }],
      receivers: ['everyone'],
      groupBy: ['rule'],
      continue: false,
    },
    { name: 'default', matchers: [], receivers: ['team'], groupBy: ['rule'], continue: false },
  ],
}

/** One way that an alert takes. */
export interface RoutedAlert {
  readonly route: string
  readonly groupKey: string
  readonly groupLabels: Labels
}

/** Where alerts with these labels go; `rule` and `severity` are labels, too. */
export function routeAlert(routing: Routing, labels: Labels): RoutedAlert[] {
  const taken: RoutedAlert[] = []
  for (const route of routing.routes) {
    if (!matches(route.matchers, labels)) continue
    const groupLabels = groupLabelsOf(route.groupBy, labels)
    taken.push({
      route: route.name,
      groupKey: sha256Hex(canonicalJson({ route: route.name, labels: groupLabels })),
      groupLabels,
    })
    if (!route.continue) break
  }
  return taken
}

/** Severity may change while an alert lives and must not move it into another group. */
function groupLabelsOf(groupBy: readonly string[], labels: Labels): Labels {
  const { severity: _, ...lasting } = labels
  if (groupBy.includes('...')) return usedLabels(lasting)
  return usedLabels(Object.fromEntries(groupBy.map((name) => [name, lasting[name] ?? ''])))
}

/**
 * The ways of a route's receivers that are set up, as `<receiver>/<integration>`. Where none of them is, every way there is:
 * a message to nobody would be worse.
 */
export function receiversOf(
  routing: Routing,
  routeName: string,
  configured: readonly Integration[],
): { readonly receiver: string; readonly integration: Integration }[] {
  const route = routing.routes.find(({ name }) => name === routeName) ?? routing.routes.at(-1)
  const wanted = (route?.receivers ?? []).flatMap((name) =>
    (routing.receivers[name] ?? []).map((integration) => ({
      receiver: `${name}/${integration}`,
      integration,
    })),
  )
  const usable = wanted.filter(({ integration }) => configured.includes(integration))
  if (usable.length > 0) return usable
  return configured.map((integration) => ({ receiver: `default/${integration}`, integration }))
}
