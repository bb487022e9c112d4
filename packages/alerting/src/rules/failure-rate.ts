import { z } from 'zod'
import { attemptCounts, type AttemptCounts } from '@tds/db'
import { defineRule, type Sample } from './rule.ts'

const settings = z.strictObject({
  threshold: z.number().min(0).max(1).default(0.05).describe('share of attempts that may fail, 0 to 1'),
  clearShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.6)
    .describe('share of the threshold down to which it goes on'),
  windowMinutes: z.int().min(1).max(60).default(5).describe('minutes looked back over'),
  minimumAttempts: z.int().min(1).max(100_000).default(20).describe('attempts below which traffic is low'),
  lowMinimumAttempts: z
    .int()
    .min(1)
    .max(100_000)
    .default(5)
    .describe('attempts of which all failed, at low traffic'),
  lowWindowMinutes: z.int().min(1).max(180).default(10).describe('minutes looked back over at low traffic'),
})
type Settings = z.output<typeof settings>

/** Too many attempts at events fail; at low traffic: every one of the last few. */
export const failureRate = defineRule<Settings>({
  name: 'failure_rate',
  title: 'Too many events fail',
  timing: { enabled: true, severity: 'critical', forSeconds: 60, keepSeconds: 120 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const spans = {
      minutes: set.windowMinutes,
      longerMinutes: Math.max(set.windowMinutes, set.lowWindowMinutes),
    }
    return judge(await attemptCounts(tx, spans), set)
  },
})

function judge(counts: AttemptCounts, set: Settings): Sample[] {
  const isLow = counts.attempts < set.minimumAttempts
  const all = isLow ? counts.attempts_longer : counts.attempts
  const failed = isLow ? counts.failed_longer : counts.failed
  if (all === 0) return []
  const share = failed / all
  const everyOne = all >= set.lowMinimumAttempts && failed === all
  return [
    {
      labels: {},
      value: share,
      threshold: set.threshold,
      breaches: isLow ? everyOne : share > set.threshold,
      holds: share > set.threshold * set.clearShare,
      facts: { failed, attempts: all, minutes: isLow ? set.lowWindowMinutes : set.windowMinutes },
    },
  ]
}
