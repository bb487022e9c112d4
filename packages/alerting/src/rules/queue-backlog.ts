import { z } from 'zod'
import { spoolStandings } from '@tds/db'
import { above } from './above.ts'
import { measuredOnce } from './measured-once.ts'
import { pipelineNumbers } from './pipeline-numbers.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  threshold: z.int().min(1).max(100_000_000).default(1000).describe('events that may wait'),
  clearShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('share of the threshold down to which it goes on'),
})
type Settings = z.output<typeof settings>

/** More events wait than are usual. Quarantine and dead letters wait for a person, and have rules of their own. */
export const queueBacklog = defineRule<Settings>({
  name: 'queue_backlog',
  title: 'Many events wait',
  timing: { enabled: true, severity: 'warning', forSeconds: 60, keepSeconds: 120 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const { waiting, oldest_waiting_seconds: oldest } = await measuredOnce(tx, pipelineNumbers)
    const spools = await measuredOnce(tx, spoolStandings)
    const spooled = spools.reduce((sum, { records }) => sum + records, 0)
    const facts = { oldestSeconds: Math.round(oldest ?? 0), spooled }
    return [{ labels: {}, ...judge(waiting + spooled, set), facts }]
  },
  stored: {
    metric: 'backlog',
    numberOf: (value) => (typeof value === 'number' ? value : null),
    judge,
  },
})

function judge(waiting: number, { threshold, clearShare }: Settings) {
  return above(waiting, threshold, threshold * clearShare)
}
