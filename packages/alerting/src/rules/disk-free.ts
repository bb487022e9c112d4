import { z } from 'zod'
import { spoolStandings } from '@tds/db'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const share = z.number().min(0).max(1)
const settings = z.strictObject({
  threshold: share.default(0.2).describe('share of the volume that must be free, 0 to 1'),
  criticalThreshold: share.default(0.1).describe('share below which it is critical'),
})

/** The volume on which an api keeps its spool fills up: when it is full, deliveries are refused while Postgres is away. */
export const diskFree = defineRule<z.output<typeof settings>>({
  name: 'disk_free',
  title: 'The volume of a spool fills up',
  timing: { enabled: true, severity: 'warning', forSeconds: 60, keepSeconds: 300 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { threshold, criticalThreshold } }) => {
    const spools = await measuredOnce(tx, spoolStandings)
    return spools.flatMap(({ host, free_share: free }) => {
      if (free === null) return []
      const isCritical = free < criticalThreshold
      return [
        {
          labels: { instance: host },
          value: free,
          threshold: isCritical ? criticalThreshold : threshold,
          breaches: free < threshold,
          ...(isCritical ? { severity: 'critical' as const } : {}),
        },
      ]
    })
  },
})
