import fc from 'fast-check'
import { insertSilence } from '@tds/db'
import { groupTimers } from '../dispatch/routes.ts'
import type { MessageAlert } from '../messages/message.ts'
import { messageSchema } from '../messages/message.ts'
import type { Severity } from '../severity.ts'
import { type AlertingWorld, createAlertingWorld } from './alerting-world.ts'

/** The rules of a story: one of each urgency, of which the first explains the last. */
const urgencies = {
  worker_down: 'critical',
  conservation: 'error',
  no_events: 'warning',
  queue_backlog: 'warning',
} as const satisfies Readonly<Record<string, Severity>>
type Rule = keyof typeof urgencies
const ruleNames = Object.keys(urgencies) as Rule[]
const entityNames = ['product', 'invoice']
/** More episodes within an hour would flap, which other tests are about. */
const mostEpisodes = 3
const passMs = 15_000

/** Something that happens. */
export type Happening =
  | { readonly kind: 'turns'; readonly rule: Rule; readonly entity: string }
  | { readonly kind: 'silenced'; readonly rule: Rule; readonly minutes: number }
  | { readonly kind: 'silences end' }
  | { readonly kind: 'taken in hand'; readonly rule: Rule }
  | { readonly kind: 'time passes'; readonly passes: number }
  /** The alerter has decided and is killed before anything is delivered; another goes on. */
  | { readonly kind: 'killed' }

/** Anything that may happen, in any order. */
export function happenings(): fc.Arbitrary<Happening[]> {
  const rule = fc.constantFrom(...ruleNames)
  const turns = fc.record({
    kind: fc.constant('turns' as const),
    rule,
    entity: fc.constantFrom(...entityNames),
  })
  const passes = fc.record({
    kind: fc.constant('time passes' as const),
    passes: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 4, max: 24 })),
  })
  return fc.array(
    fc.oneof(
      { arbitrary: turns, weight: 5 },
      { arbitrary: passes, weight: 5 },
      {
        arbitrary: fc.record({
          kind: fc.constant('silenced' as const),
          rule,
          minutes: fc.integer({ min: 1, max: 12 }),
        }),
        weight: 1,
      },
      { arbitrary: fc.record({ kind: fc.constant('silences end' as const) }), weight: 1 },
      { arbitrary: fc.record({ kind: fc.constant('taken in hand' as const), rule }), weight: 1 },
      { arbitrary: fc.record({ kind: fc.constant('killed' as const) }), weight: 1 },
    ),
    { minLength: 8, maxLength: 30 },
  )
}

/** What happened, and what people were told of it. */
export interface Story {
  readonly messages: readonly StoryMessage[]
  readonly episodes: readonly Episode[]
  readonly silences: readonly Silence[]
}

interface StoryMessage {
  /** Group and receiver. */
  readonly line: string
  readonly kind: string
  readonly reason: string | null
  readonly sequence: number
  readonly isReplaced: boolean
  readonly atMs: number
  readonly alerts: readonly MessageAlert[]
}

/** From the evaluation in which it began to fire until the one in which it no longer did. */
interface Episode {
  readonly id: string
  readonly rule: Rule
  readonly fromMs: number
  readonly toMs: number
  readonly notSent: number
}

interface Silence {
  readonly rule: Rule
  readonly fromMs: number
  toMs: number
}

/** Lets it happen to the real pipeline over Postgres, and then lets everything end well. */
export async function playStory(course: readonly Happening[]): Promise<Story> {
  const world = await createAlertingWorld()
  const silences: Silence[] = []
  const fires = new Map<string, { isOn: boolean; episodes: number }>()
  const sayAll = () => {
    for (const rule of ruleNames) {
      const on = entityNames.filter((entity) => fires.get(`${rule} ${entity}`)?.isOn)
      world.say(
        rule,
        on.map((entity) => ({ labels: { entity } })),
      )
    }
  }
  try {
    for (const rule of ruleNames) world.set(rule, { severity: urgencies[rule] })
    sayAll()
    for (const one of course) {
      if (one.kind === 'turns') turn(fires, `${one.rule} ${one.entity}`)
      else await happen(world, one, silences)
      sayAll()
    }
    for (const one of fires.values()) one.isOn = false
    sayAll()
    await world.run(groupTimers.warning.interval + 60)
    return await tell(world, silences)
  } finally {
    await world.stop()
  }
}

function turn(fires: Map<string, { isOn: boolean; episodes: number }>, what: string): void {
  const { isOn, episodes } = fires.get(what) ?? { isOn: false, episodes: 0 }
  if (isOn) fires.set(what, { isOn: false, episodes })
  else if (episodes < mostEpisodes) fires.set(what, { isOn: true, episodes: episodes + 1 })
}

async function happen(
  world: AlertingWorld,
  one: Exclude<Happening, { kind: 'turns' }>,
  silences: Silence[],
): Promise<void> {
  const { db } = world.database
  const now = (await world.clock.now()).getTime()
  switch (one.kind) {
    case 'time passes':
      return world.run((one.passes * passMs) / 1000)
    case 'killed':
      await world.run(passMs / 1000, { deliver: false })
      world.restart()
      return
    case 'taken in hand':
      await db.query('UPDATE tds_alerts SET acknowledged = true WHERE alert_type = $1 AND NOT resolved', [
        one.rule,
      ])
      return
    case 'silences end':
      await db.query('UPDATE tds_silences SET ends_at = tds_now() WHERE ends_at > tds_now()')
      for (const silence of silences) silence.toMs = Math.min(silence.toMs, now)
      return
    case 'silenced': {
      const toMs = now + one.minutes * 60_000
      await insertSilence(db, {
        matchers: JSON.stringify([{ label: 'rule', op: '=', values: [one.rule] }]),
        startsAt: null,
        endsAt: new Date(toMs).toISOString(),
        author: 'test',
        reason: 'we know',
      })
      silences.push({ rule: one.rule, fromMs: now, toMs })
    }
  }
}

async function tell({ database: { db } }: AlertingWorld, silences: readonly Silence[]): Promise<Story> {
  const { rows: told } = await db.query<{
    line: string
    kind: string
    state: string
    sequence: number
    message: string
  }>(
    `SELECT group_key || ' ' || receiver AS line, kind, state, sequence, message FROM tds_notifications
      ORDER BY created_at, sequence`,
  )
  const { rows: episodes } = await db.query<{
    id: string
    rule: Rule
    from_ms: number
    to_ms: number
    not_sent: number
  }>(
    `SELECT id, alert_type AS rule, (extract(epoch FROM triggered_at) * 1000)::float8 AS from_ms,
            (extract(epoch FROM resolved_at) * 1000)::float8 AS to_ms,
            (SELECT count(*)::int FROM tds_alert_timeline t WHERE t.alert_id = a.id AND t.event = 'not_sent') AS not_sent
       FROM tds_alerts a ORDER BY triggered_at`,
  )
  return {
    silences,
    episodes: episodes.map(({ id, rule, from_ms: fromMs, to_ms: toMs, not_sent: notSent }) => ({
      id,
      rule,
      fromMs,
      toMs,
      notSent,
    })),
    messages: told.map(({ line, kind, state, sequence, message: text }) => {
      const { at, reason, alerts } = messageSchema.parse(JSON.parse(text))
      return {
        line,
        kind,
        reason,
        sequence,
        isReplaced: state === 'merged',
        atMs: Date.parse(at),
        alerts,
      }
    }),
  }
}

/** What of the promises about messages a story breaks, in words. */
export function brokenPromises(story: Story): string[] {
  const lines = Map.groupBy(story.messages, ({ line }) => line)
  return [...[...lines.values()].flatMap((line) => brokenInLine(line, story)), ...unheard(story)]
}

function brokenInLine(line: readonly StoryMessage[], story: Story): string[] {
  const broken: string[] = []
  let knows: ReadonlySet<string> = new Set()
  let last: StoryMessage | null = null
  for (const message of line) {
    const says = `${message.kind} ${String(message.sequence)} of ${message.line}`
    if (last !== null && message.sequence <= last.sequence) broken.push(`${says} has an old number`)
    last = message
    if (message.isReplaced) continue
    const firing = idsOf(message, 'firing')
    const over = idsOf(message, 'resolved')
    for (const { rule } of message.alerts.filter(({ state }) => state === 'firing'))
      broken.push(...quietedAt(story, rule, message.atMs).map((why) => `${says} tells of ${rule}, ${why}`))
    const unknown = message.alerts.filter(
      (one) => over.includes(one.alertId ?? '') && !knows.has(one.alertId ?? ''),
    )
    // What was grave is told of as begun and over in one.
    if (unknown.some(({ severity }) => severity === 'warning'))
      broken.push(`${says} tells of an end whose beginning nobody knows`)
    const isNews = firing.some((id) => !knows.has(id)) || over.length > 0
    if (!isNews && message.kind !== 'repeat' && message.reason === null)
      broken.push(`${says} tells nothing new`)
    if (isNews && message.kind === 'repeat') broken.push(`${says} is no repetition`)
    knows = new Set([...knows, ...firing].filter((id) => !over.includes(id)))
  }
  if (knows.size > 0)
    broken.push(`people still believe that ${String(knows.size)} of ${last?.line ?? ''} fire`)
  return broken
}

function idsOf({ alerts }: StoryMessage, wanted: MessageAlert['state']): string[] {
  return alerts.flatMap(({ state, alertId }) => (state === wanted && alertId !== null ? [alertId] : []))
}

/** Why people should not be told of a rule that fires at this moment. */
function quietedAt({ silences, episodes }: Story, rule: string, atMs: number): string[] {
  const isSilenced = silences.some((one) => one.rule === rule && one.fromMs <= atMs && atMs < one.toMs)
  const isExplained =
    rule === 'queue_backlog' &&
    episodes.some((one) => one.rule === 'worker_down' && one.fromMs <= atMs && atMs < one.toMs)
  return [...(isSilenced ? ['which is silenced'] : []), ...(isExplained ? ['which has a cause'] : [])]
}

/** What is grave is told of whenever nothing kept it quiet; of all else that nobody heard of the story says why. */
function unheard({ messages, episodes, silences }: Story): string[] {
  const told = new Set(
    messages
      .filter(({ isReplaced }) => !isReplaced)
      .flatMap(({ alerts }) => alerts.map((one) => one.alertId)),
  )
  return episodes
    .filter(({ id }) => !told.has(id))
    .flatMap(({ id, rule, fromMs, toMs, notSent }) => {
      const untilMs = toMs + groupTimers[urgencies[rule]].interval * 1000 + passMs
      const wasSilenced = silences.some(
        (one) => one.rule === rule && one.fromMs <= untilMs && fromMs < one.toMs,
      )
      const isGrave = urgencies[rule] !== 'warning'
      return [
        ...(isGrave && !wasSilenced ? [`nobody was told of ${rule} ${id}`] : []),
        ...(notSent === 0 ? [`nothing says why nobody was told of ${rule} ${id}`] : []),
      ]
    })
}
