import { z } from 'zod'
import type { LeaderLease } from '@tds/db'
import { createTestDatabase, takeOverClock, type TestClock, type TestDatabase } from '@tds/db/testing'
import { defaultRouting, type Routing } from '../dispatch/routes.ts'
import { alertPasses, type AlertPass } from '../evaluation/alert-pass.ts'
import type { AlertMessage } from '../messages/message.ts'
import type { Integration } from '../receivers/receiver.ts'
import { settleRule, type SettledRule } from '../rules/rule-settings.ts'
import type { AlertRule, RuleTiming, Sample } from '../rules/rule.ts'

/** A message in the outbox. */
export interface QueuedMessage {
  readonly id: string
  readonly receiver: string
  readonly kind: string
  readonly state: string
  readonly message: AlertMessage
}

/** Alerting on a database of the test's own, with rules that say what the test tells them and a clock that it holds. */
export interface AlertingWorld {
  readonly database: TestDatabase
  readonly clock: TestClock
  /** What a rule says from now on; an Error where it cannot be measured. */
  say(rule: string, samples: readonly Partial<Sample>[] | Error): void
  /** Has a rule of the product measure, by its defaults. */
  use(rule: AlertRule): void
  /** Sets how a rule is; the others of its numbers stay. */
  set(rule: string, timing: Partial<RuleTiming>): void
  /** Passes every 15 s, or as often as told, for so many seconds; what is queued is delivered at once unless told otherwise. */
  run(seconds: number, o?: { readonly deliver?: boolean; readonly every?: number }): Promise<void>
  /** One pass; `jump` seconds that the clock of the database seems to have jumped before it. */
  pass(o?: { readonly jump?: number; readonly lease?: Pick<LeaderLease, 'guard'> }): Promise<void>
  /** As another alerter would go on, with nothing but the database. */
  restart(): void
  /** Marks what is queued as delivered, as the delivery does. */
  deliver(): Promise<void>
  /** Messages to a receiver, `team/slack` by default, in their order. */
  messages(receiver?: string): Promise<QueuedMessage[]>
  kinds(receiver?: string): Promise<string[]>
  reasons(rule: string): Promise<string[]>
  stop(): Promise<void>
}

const usual: RuleTiming = { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 0 }
const openLease = { guard: () => Promise.resolve() }

/** Makes a world. */
export async function createAlertingWorld(
  o: { readonly routing?: Routing; readonly configured?: readonly Integration[] } = {},
): Promise<AlertingWorld> {
  const database = await createTestDatabase()
  const { db } = database
  const clock = await takeOverClock(db)
  await clock.set('2026-11-02T08:00:00Z')
  const said = new Map<string, readonly Sample[] | Error>()
  const timings = new Map<string, RuleTiming>()
  const used: AlertRule[] = []
  const newPass = (): AlertPass =>
    alertPasses({
      db,
      rules: () =>
        Promise.resolve([
          ...[...said.keys()].map((name) => ruleOf(name, { said, timings })),
          ...used.map((rule) => settleRule(rule, new Map())),
        ]),
      routing: () => Promise.resolve(o.routing ?? defaultRouting),
      configured: o.configured ?? ['slack'],
      surroundings: { environment: 'test', publicUrl: null },
      timeZone: 'UTC',
      clock: { look: () => jump },
    })
  let jump = 0
  let pass = newPass()
  const deliver = async () => {
    await db.query(
      `WITH sent AS (
         UPDATE tds_notifications SET state = 'delivered', finished_at = tds_now() WHERE finished_at IS NULL
         RETURNING group_key, receiver, sequence, log_entry)
       INSERT INTO tds_notification_log (group_key, receiver, firing, severity, sequence, repeats, sent_at)
       SELECT DISTINCT ON (group_key, receiver) group_key, receiver, log_entry -> 'firing',
              (log_entry ->> 'severity')::tds_alert_severity, sequence, (log_entry ->> 'repeats')::int, tds_now()
         FROM sent WHERE log_entry IS NOT NULL ORDER BY group_key, receiver, sequence DESC
           ON CONFLICT (group_key, receiver) DO UPDATE
          SET firing = excluded.firing, severity = excluded.severity, sequence = excluded.sequence,
              repeats = excluded.repeats, sent_at = excluded.sent_at`,
    )
  }
  const messages = async (receiver = 'team/slack') => {
    const { rows } = await db.query<QueuedMessage & { message: string }>(
      `SELECT id, receiver, kind, state, message FROM tds_notifications WHERE receiver = $1 AND state <> 'merged'
        ORDER BY created_at, sequence`,
      [receiver],
    )
    return rows.map((row) => ({ ...row, message: JSON.parse(row.message) as AlertMessage }))
  }
  return {
    database,
    clock,
    say: (rule, samples) => {
      said.set(rule, samples instanceof Error ? samples : samples.map(sampleOf))
    },
    use: (rule) => {
      used.push(rule)
    },
    set: (rule, timing) => {
      timings.set(rule, { ...usual, ...timings.get(rule), ...timing })
    },
    pass: async ({ jump: seconds = 0, lease = openLease } = {}) => {
      jump = seconds
      await pass(lease)
      jump = 0
    },
    restart: () => {
      pass = newPass()
    },
    run: async (seconds, { deliver: isDelivered = true, every = 15 } = {}) => {
      for (let passed = 0; passed < seconds; passed += every) {
        await pass(openLease)
        if (isDelivered) await deliver()
        await clock.advance(`${String(every)} seconds`)
      }
    },
    deliver,
    messages,
    kinds: async (receiver) => (await messages(receiver)).map(({ kind }) => kind),
    reasons: async (rule) => {
      const { rows } = await db.query<{ reason: string }>(
        `SELECT reason FROM tds_alert_timeline WHERE rule = $1 AND event = 'not_sent' ORDER BY position`,
        [rule],
      )
      return rows.map(({ reason }) => reason)
    },
    stop: () => database.drop(),
  }
}

function sampleOf(sample: Partial<Sample>): Sample {
  return { labels: {}, value: 1, threshold: 0, breaches: true, ...sample }
}

function ruleOf(
  name: string,
  o: {
    readonly said: ReadonlyMap<string, readonly Sample[] | Error>
    readonly timings: ReadonlyMap<string, RuleTiming>
  },
): SettledRule {
  const timing = o.timings.get(name) ?? usual
  return {
    rule: {
      name,
      title: `Something about ${name}`,
      timing,
      settings: z.unknown(),
      noData: 'clear',
      measure: () => {
        const samples = o.said.get(name) ?? []
        return samples instanceof Error ? Promise.reject(samples) : Promise.resolve(samples)
      },
    },
    timing,
    settings: {},
    problems: [],
  }
}
