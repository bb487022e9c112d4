import { z } from 'zod'
import { storedSamples } from '@tds/db'
import { above } from './above.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  freshMinutes: z
    .int()
    .min(2)
    .max(1440)
    .default(10)
    .describe('minutes after which a comparison says nothing any more'),
})

/** Counters and inbox disagree: an event was lost or counted twice. */
export const conservation = defineRule<z.output<typeof settings>>({
  name: 'conservation',
  title: 'Events are not conserved',
  timing: { enabled: true, severity: 'critical', forSeconds: 0, keepSeconds: 120 },
  settings,
  noData: 'keep',
  measure: async ({ tx, settings: { freshMinutes } }) => {
    // A worker compares every minute: too much to count for every pass of rules.
    const samples = await storedSamples(tx, { metric: 'events_unconserved', minutes: freshMinutes })
    const last = samples.at(-1)
    return last === undefined ? [] : [{ labels: {}, ...above(Number(last.value), 0) }]
  },
})
