import { z } from 'zod'
import { spoolStandings } from '@tds/db'
import { above } from './above.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  seconds: z.int().min(1).max(86_400).default(120).describe('seconds that a delivery may wait on local disk'),
})

/** Postgres is there, and yet deliveries wait on the disk of an api: they are not drained. */
export const spoolNotEmpty = defineRule<z.output<typeof settings>>({
  name: 'spool_not_empty',
  title: 'Deliveries wait on local disk',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { seconds } }) => {
    const spools = await measuredOnce(tx, spoolStandings)
    return spools.map(({ host, records, oldest_seconds: oldest }) => ({
      labels: { instance: host },
      ...above(oldest ?? 0, seconds),
      facts: { records },
    }))
  },
})
