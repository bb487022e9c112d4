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

const metric = 'events_unconserved'

/** Counters and inbox disagree: an event was lost or counted twice. */
export const conservation = defineRule<z.output<typeof settings>>({
  name: 'conservation',
  title: 'Events are not conserved',
  timing: { enabled: true, severity: 'critical', forSeconds: 0, keepSeconds: 120 },
  settings,
  noData: 'keep',
  measure: async ({ tx, settings: { freshMinutes } }) => {
    // A worker compares every minute: too much to count for every pass of rules.
    const samples = await storedSamples(tx, { metric, minutes: freshMinutes })
    const last = samples.at(-1)
    return last === undefined ? [] : [{ labels: {}, ...judge(Number(last.value)) }]
  },
  stored: { metric, numberOf: (value) => (typeof value === 'number' ? value : null), judge },
})

function judge(events: number) {
  return above(events, 0)
}
