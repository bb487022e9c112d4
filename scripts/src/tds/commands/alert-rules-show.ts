import { z } from 'zod'
import {
  describedSettings,
  findRule,
  readStored,
  settleRule,
  type Sample,
  type SettledRule,
} from '@tds/alerting'
import { databaseTime, type Queryable } from '@tds/db'
import { defineCommand } from '../command.ts'
import { oneRuleInput, ruleArgument } from '../input/rule-input.ts'

const settingSchema = z.strictObject({
  key: z.string(),
  value: z.unknown(),
  default: z.unknown(),
  description: z.string(),
})
const sampleSchema = z.strictObject({
  labels: z.record(z.string(), z.string()),
  value: z.number().nullable(),
  threshold: z.number().nullable(),
  breaches: z.boolean(),
  facts: z.record(z.string(), z.union([z.number(), z.string()])),
})

/** `tds alert-rules show` */
export const alertRulesShow = defineCommand({
  description:
    'Shows a rule: what it tells of, all its settings with their defaults, and what it measures at this moment, as an alerter would that has run for an hour.',
  arguments: [ruleArgument],
  options: [],
  examples: ['alert-rules show queue_backlog', 'alert-rules show no_events --json'],
  changes: false,
  input: z.object({ args: oneRuleInput }),
  data: z.strictObject({
    rule: z.string(),
    title: z.string(),
    settings: z.array(settingSchema),
    samples: z.array(sampleSchema),
    problems: z.array(z.string()),
  }),
  run: async (session, { args: [name] }) => {
    const rule = findRule(name)
    const db = await session.database()
    return db.transaction(async (tx) => {
      const settled = settleRule(rule, await readStored(tx))
      const values: Readonly<Record<string, unknown>> = { ...settled.timing, ...settled.settings }
      const settings = describedSettings(rule).map(({ key, fallback, description }) => ({
        key,
        value: values[key],
        default: fallback,
        description,
      }))
      const samples = await measureNow(tx, settled)
      const { problems } = settled
      return { data: { rule: name, title: rule.title, settings, samples, problems: [...problems] } }
    })
  },
  show: ({ rule, title, settings, samples, problems }) => ({
    blocks: [
      { kind: 'lines', lines: [`${rule}: ${title}`, ...problems.map((problem) => `refused: ${problem}`)] },
      {
        kind: 'table',
        columns: ['setting', 'value', 'default', 'what it is'],
        rows: settings.map((one) => [one.key, String(one.value), String(one.default), one.description]),
      },
      {
        kind: 'table',
        columns: ['of', 'value', 'threshold', 'so', 'facts'],
        rows: samples.map(({ labels, value, threshold, breaches, facts }) => [
          pairs(labels),
          value,
          threshold,
          breaches,
          pairs(facts),
        ]),
      },
    ],
    ids: [rule],
    records: settings,
  }),
})

async function measureNow(tx: Queryable, { rule, settings }: SettledRule) {
  const now = await databaseTime(tx)
  const startedAt = new Date(now.getTime() - 3_600_000)
  return (await rule.measure({ tx, settings, now, startedAt })).map(shownOf)
}

function shownOf({ labels, value, threshold, breaches, facts = {} }: Sample) {
  return { labels: { ...labels }, value, threshold, breaches, facts: { ...facts } }
}

function pairs(of: Readonly<Record<string, string | number>>): string {
  return Object.entries(of)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(' ')
}
