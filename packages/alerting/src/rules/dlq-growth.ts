import { z } from 'zod'
import { openLettersSince } from '@tds/db'
import { above } from './above.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  threshold: z.int().min(0).max(1_000_000).default(100).describe('new dead letters that may be open'),
  clearShare: z
    .number()
    .min(0)
    .max(1)
    .default(0.8)
    .describe('share of the threshold down to which it goes on'),
  windowMinutes: z.int().min(1).max(1440).default(60).describe('minutes in which they count as new'),
})

/** Many dead letters came within a short time and are open: somebody must look at what they share. */
export const dlqGrowth = defineRule<z.output<typeof settings>>({
  name: 'dlq_growth',
  title: 'Many new dead letters: manual review',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 0 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { threshold, clearShare, windowMinutes } }) => {
    const letters = await openLettersSince(tx, windowMinutes)
    return [
      { labels: {}, ...above(letters, threshold, threshold * clearShare), facts: { minutes: windowMinutes } },
    ]
  },
})
