import { z } from 'zod'
import { quarantinedSince } from '@tds/db'
import { above } from './above.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  threshold: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(20)
    .describe('deliveries that may be quarantined within the window'),
  windowMinutes: z.int().min(1).max(1440).default(60).describe('minutes looked back over'),
})

/** Many deliveries of a short time lie in quarantine: the sender or a mapping has changed. */
export const quarantineGrowth = defineRule<z.output<typeof settings>>({
  name: 'quarantine_growth',
  title: 'Many deliveries cannot be used',
  timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 120 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const events = await quarantinedSince(tx, set.windowMinutes)
    return [{ labels: {}, ...above(events, set.threshold), facts: { minutes: set.windowMinutes } }]
  },
})
