import { z } from 'zod'
import { finishedSince } from '@tds/db'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  target: z.number().min(0).max(1).default(0.995).describe('share of events that must succeed, 0 to 1'),
  windowHours: z.int().min(1).max(168).default(24).describe('hours looked back over'),
  minimumEvents: z.int().min(1).max(1_000_000).default(100).describe('events below which nothing is said'),
})

/** Of the events received within a day too few were applied: the promise of the service is broken. */
export const sloSuccess24h = defineRule<z.output<typeof settings>>({
  name: 'slo_success_24h',
  title: 'Fewer events succeed than promised',
  timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 300 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const { finished, succeeded } = await finishedSince(tx, set.windowHours)
    if (finished < set.minimumEvents) return []
    const share = succeeded / finished
    const facts = { finished, failed: finished - succeeded, hours: set.windowHours }
    return [{ labels: {}, value: share, threshold: set.target, breaches: share < set.target, facts }]
  },
})
