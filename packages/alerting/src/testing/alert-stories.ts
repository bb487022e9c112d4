import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { insertSilence } from '@tds/db'
import { deliverDue } from '../delivery/deliver-due.ts'
import type { DeliveryParts } from '../delivery/delivery-parts.ts'
import { send } from '../delivery/send.ts'
import { takeNext } from '../delivery/take-next.ts'
import { groupTimers } from '../dispatch/routes.ts'
import type { AlertMessage, MessageAlert } from '../messages/message.ts'
import type { DeliveryResult, Receiver } from '../receivers/receiver.ts'
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
  /** The provider takes everything, fails, or asks for a pause. */
  | { readonly kind: 'provider'; readonly answers: 'success' | 'retry' | 'pause' }
  /** The alerter has decided, has taken a message, has perhaps sent it, and is killed; another goes on. */
  | { readonly kind: 'killed'; readonly hasSent: boolean }

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
      {
        arbitrary: fc.record({
          kind: fc.constant('provider' as const),
          answers: fc.constantFrom('success' as const, 'retry' as const, 'pause' as const),
        }),
        weight: 1,
      },
      {
        arbitrary: fc.record({ kind: fc.constant('killed' as const), hasSent: fc.boolean() }),
        weight: 1,
      },
    ),
    { minLength: 8, maxLength: 30 },
  )
}

/** What happened, and what reached people of it. */
export interface Story {
  /** In the order in which they were first seen. */
  readonly messages: readonly StoryMessage[]
  readonly kills: number
  readonly episodes: readonly Episode[]
  readonly silences: readonly Silence[]
}

interface StoryMessage {
  /** Group and receiver. */
  readonly line: string
  readonly kind: string
  readonly reason: string | null
  readonly sequence: number
  /** How often it was seen. */
  readonly times: number
  /** When it was decided. */
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

/** The one way to people: what it was given, and what it answers. */
interface Provider {
  answers: DeliveryResult['class']
  readonly seen: { readonly id: string; readonly message: AlertMessage }[]
}

/** What is going on. */
interface Stage {
  readonly world: AlertingWorld
  readonly provider: Provider
  readonly silences: Silence[]
  kills: number
}

/** Lets it happen to the real pipeline and delivery over Postgres, and then lets everything end well. */
export async function playStory(course: readonly Happening[]): Promise<Story> {
  const world = await createAlertingWorld()
  const stage: Stage = { world, provider: { answers: 'success', seen: [] }, silences: [], kills: 0 }
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
      else await happen(stage, one)
      sayAll()
    }
    for (const one of fires.values()) one.isOn = false
    sayAll()
    stage.provider.answers = 'success'
    await timePasses(stage, endPasses)
    return await tell(stage)
  } finally {
    await world.stop()
  }
}

/** Longer than anything is put off: the longest wait of a group, and of a message that failed for the whole story. */
const endPasses = 80

function turn(fires: Map<string, { isOn: boolean; episodes: number }>, what: string): void {
  const { isOn, episodes } = fires.get(what) ?? { isOn: false, episodes: 0 }
  if (isOn) fires.set(what, { isOn: false, episodes })
  else if (episodes < mostEpisodes) fires.set(what, { isOn: true, episodes: episodes + 1 })
}

async function happen(stage: Stage, one: Exclude<Happening, { kind: 'turns' }>): Promise<void> {
  const { db } = stage.world.database
  switch (one.kind) {
    case 'time passes':
      return timePasses(stage, one.passes)
    case 'provider':
      stage.provider.answers = one.answers
      return
    case 'killed':
      return kill(stage, one.hasSent)
    case 'taken in hand':
      await db.query('UPDATE tds_alerts SET acknowledged = true WHERE alert_type = $1 AND NOT resolved', [
        one.rule,
      ])
      return
    case 'silences end':
      return endSilences(stage)
    case 'silenced':
      return silence(stage, one)
  }
}

async function timePasses({ world, provider }: Stage, passes: number): Promise<void> {
  const receiver = receiverOf(provider)
  for (let pass = 0; pass < passes; pass += 1) {
    await world.pass()
    await deliverDue(deliveryOf(world, receiver), receiver, new AbortController().signal)
    await world.clock.advance(`${String(passMs / 1000)} seconds`)
  }
}

async function kill(stage: Stage, hasSent: boolean): Promise<void> {
  const { world, provider } = stage
  const receiver = receiverOf(provider)
  const dying = deliveryOf(world, receiver)
  await world.pass()
  const taken = await takeNext(dying, receiver)
  if (hasSent && typeof taken !== 'string')
    await send(dying, receiver, { taken, signal: new AbortController().signal })
  stage.kills += 1
  world.restart()
  await world.clock.advance(`${String(passMs / 1000)} seconds`)
}

function deliveryOf({ database }: AlertingWorld, receiver: Receiver): DeliveryParts {
  return {
    db: database.db,
    receivers: [receiver],
    holder: randomUUID(),
    language: 'en',
    environment: 'test',
    random: () => 0.5,
  }
}

function receiverOf(provider: Provider): Receiver {
  return {
    integration: 'slack',
    shownAddress: 'test',
    settings: [],
    limits: [],
    deliver: ({ id, message }) => {
      const { answers } = provider
      if (answers === 'success') provider.seen.push({ id, message })
      const retryAfterMs = answers === 'pause' ? 30_000 : null
      return Promise.resolve({ class: answers, providerStatus: null, detail: null, retryAfterMs })
    },
    close: () => Promise.resolve(),
  }
}

async function silence(
  { world, silences }: Stage,
  { rule, minutes }: { readonly rule: Rule; readonly minutes: number },
): Promise<void> {
  const fromMs = (await world.clock.now()).getTime()
  const toMs = fromMs + minutes * 60_000
  await insertSilence(world.database.db, {
    matchers: JSON.stringify([{ label: 'rule', op: '=', values: [rule] }]),
    startsAt: null,
    endsAt: new Date(toMs).toISOString(),
    author: 'test',
    reason: 'we know',
  })
  silences.push({ rule, fromMs, toMs })
}

async function endSilences({ world, silences }: Stage): Promise<void> {
  const now = (await world.clock.now()).getTime()
  await world.database.db.query('UPDATE tds_silences SET ends_at = tds_now() WHERE ends_at > tds_now()')
  for (const one of silences) one.toMs = Math.min(one.toMs, now)
}

async function tell({ world, provider, silences, kills }: Stage): Promise<Story> {
  const { db } = world.database
  const { rows: queued } = await db.query<{ id: string; line: string; sequence: number }>(
    `SELECT id, group_key || ' ' || receiver AS line, sequence FROM tds_notifications`,
  )
  const { rows: episodes } = await db.query<Episode>(
    `SELECT id, alert_type AS rule, (extract(epoch FROM triggered_at) * 1000)::float8 AS "fromMs",
            (extract(epoch FROM resolved_at) * 1000)::float8 AS "toMs",
            (SELECT count(*)::int FROM tds_alert_timeline t WHERE t.alert_id = a.id AND t.event = 'not_sent') AS "notSent"
       FROM tds_alerts a ORDER BY triggered_at`,
  )
  const places = new Map(queued.map((row) => [row.id, row]))
  const seen = Map.groupBy(provider.seen, ({ id }) => id)
  return {
    silences,
    kills,
    episodes,
    messages: [...seen].flatMap(([id, all]) =>
      all.slice(0, 1).map(({ message: { kind, reason, at, alerts } }) => {
        const { line = '', sequence = 0 } = places.get(id) ?? {}
        return { line, kind, reason, sequence, times: all.length, atMs: Date.parse(at), alerts }
      }),
    ),
  }
}

/** What of the promises about messages a story breaks, in words. */
export function brokenPromises(story: Story): string[] {
  const lines = Map.groupBy(story.messages, ({ line }) => line)
  const repeated = story.messages.reduce((sum, { times }) => sum + times - 1, 0)
  return [
    ...[...lines.values()].flatMap((line) => brokenInLine(line, story)),
    ...unheard(story),
    ...(repeated > story.kills
      ? [`${String(repeated)} were seen again, after ${String(story.kills)} kills`]
      : []),
  ]
}

function brokenInLine(line: readonly StoryMessage[], story: Story): string[] {
  const broken: string[] = []
  let knows: ReadonlySet<string> = new Set()
  let last: StoryMessage | null = null
  for (const message of line) {
    const says = `${message.kind} ${String(message.sequence)} of ${message.line}`
    if (last !== null && message.sequence <= last.sequence) broken.push(`${says} has an old number`)
    last = message
    const firing = idsOf(message, 'firing')
    const over = idsOf(message, 'resolved')
    for (const { rule } of message.alerts.filter(({ state }) => state === 'firing'))
      broken.push(...quietedAt(story, rule, message.atMs).map((why) => `${says} tells of ${rule}, ${why}`))
    const unknown = message.alerts.filter(
      (one) => over.includes(one.alertId ?? '') && !knows.has(one.alertId ?? ''),
    )
    // What was grave, or was on its way to people when it ended, is told of as begun and over in one.
    if (message.kind !== 'combined' && unknown.some(({ severity }) => severity === 'warning'))
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
  const told = new Set(messages.flatMap(({ alerts }) => alerts.map((one) => one.alertId)))
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
