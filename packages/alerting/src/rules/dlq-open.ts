import { z } from 'zod'
import { above } from './above.ts'
import { measuredOnce } from './measured-once.ts'
import { pipelineNumbers } from './pipeline-numbers.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  threshold: z.int().min(0).max(1_000_000).default(100).describe('dead letters that may be open'),
  clearShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('share of the threshold down to which it goes on'),
})

/** Many dead letters wait for a person, however old they are. */
export const dlqOpen = defineRule<z.output<typeof settings>>({
  name: 'dlq_open',
  title: 'Many dead letters are open',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 0 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const { open_dead_letters: open, oldest_dead_letter_seconds: oldest } = await measuredOnce(
      tx,
      pipelineNumbers,
    )
    const facts = { oldestHours: Math.round((oldest ?? 0) / 3600) }
    return [{ labels: {}, ...above(open, set.threshold, set.threshold * set.clearShare), facts }]
  },
})
