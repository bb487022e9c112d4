import { z } from 'zod'
import { alertRules, readStored, settleRule } from '@tds/alerting'
import { defineCommand } from '../command.ts'

const ruleSchema = z.strictObject({
  rule: z.string(),
  title: z.string(),
  enabled: z.boolean(),
  severity: z.string(),
  forSeconds: z.number(),
  keepSeconds: z.number(),
  /** Settings that differ from the defaults. */
  changed: z.array(z.string()),
  /** What was refused of what is stored. */
  problems: z.array(z.string()),
})

/** `tds alert-rules list` */
export const alertRulesList = defineCommand({
  description:
    'Lists the alert rules, how urgent each is, for how long it must be so before it fires and no longer so before it is over, and which of its settings were changed.',
  arguments: [],
  options: [],
  examples: ['alert-rules list', 'alert-rules list --json'],
  changes: false,
  input: z.object({}),
  data: z.strictObject({ rules: z.array(ruleSchema) }),
  run: async (session) => {
    const stored = await readStored(await session.database())
    const rules = alertRules.map((rule) => {
      const { timing, settings, problems } = settleRule(rule, stored)
      const now = { ...timing, ...settings }
      const usual = settleRule(rule, new Map())
      const defaults: Readonly<Record<string, unknown>> = { ...usual.timing, ...usual.settings }
      const changed = Object.entries(now).filter(([key, value]) => defaults[key] !== value)
      return {
        rule: rule.name,
        title: rule.title,
        ...timing,
        changed: changed.map(([key]) => key),
        problems: [...problems],
      }
    })
    const warnings = rules.flatMap(({ rule, problems }) =>
      problems.map((problem) => ({ code: 'rule_setting_refused', message: `${rule}: ${problem}` })),
    )
    return { data: { rules }, warnings }
  },
  show: ({ rules }) => ({
    blocks: [
      {
        kind: 'table',
        columns: ['rule', 'severity', 'on', 'for s', 'keep s', 'changed', 'what is wrong'],
        rows: rules.map((rule) => [
          rule.rule,
          rule.severity,
          rule.enabled,
          rule.forSeconds,
          rule.keepSeconds,
          rule.changed.join(','),
          rule.title,
        ]),
      },
    ],
    ids: rules.map(({ rule }) => rule),
    records: rules,
  }),
})
