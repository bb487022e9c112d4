import { z } from 'zod'
import { failingRules } from '@tds/db'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  failures: z.int().min(1).max(1000).default(3).describe('evaluations in a row that may fail, less one'),
  seconds: z.int().min(1).max(86_400).default(60).describe('seconds that they may fail'),
})

/** A rule fails to measure again and again, so it tells of nothing. */
export const ruleEvaluationFailed = defineRule<z.output<typeof settings>>({
  name: 'rule_evaluation_failed',
  title: 'A rule cannot be evaluated',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 0 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const failing = await failingRules(tx)
    return failing
      .filter(({ rule }) => rule !== 'rule_evaluation_failed')
      .map(({ rule, failures, failing_seconds: seconds }) => ({
        labels: { failing_rule: rule },
        value: failures,
        threshold: set.failures,
        breaches: failures >= set.failures || seconds > set.seconds,
        facts: { failingSeconds: Math.round(seconds) },
      }))
  },
})
