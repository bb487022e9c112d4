import { z } from 'zod'
import { webhookThresholds } from '@tds/core'
import { webhookCoverage } from '@tds/db'
import { above } from './above.ts'
import { defineRule } from './rule.ts'

const miss = webhookThresholds.missRatio
const settings = z.strictObject({
  threshold: z
    .number()
    .min(0)
    .max(1)
    .default(miss.degraded)
    .describe('share of versions of a day that webhooks may miss, 0 to 1'),
  minimumVersions: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(miss.minimumVersions)
    .describe('versions below which nothing is said'),
})

/** Reads find versions of a type that no webhook told of. */
export const webhookMissRate = defineRule<z.output<typeof settings>>({
  name: 'webhook_miss_rate',
  title: 'Webhooks of a type are missing',
  timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 300 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const coverages = await webhookCoverage(tx)
    return coverages.flatMap(({ entity_type: entity, told, missed }) => {
      const versions = told + missed
      if (versions < set.minimumVersions) return []
      return [{ labels: { entity }, ...above(missed / versions, set.threshold), facts: { missed, versions } }]
    })
  },
})
