import { z } from 'zod'
import { databaseVitals } from '@tds/db'
import { above } from './above.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  threshold: z.number().min(0).max(1).default(0.8).describe('share of the connections that may be open'),
})

/** Most connections that Postgres allows are open; the next daemon may get none. */
export const dbConnections = defineRule<z.output<typeof settings>>({
  name: 'db_connections',
  title: 'Connections to Postgres run short',
  timing: { enabled: true, severity: 'warning', forSeconds: 60, keepSeconds: 120 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { threshold } }) => {
    const { connections_allowed: allowed, connections_open: open } = await measuredOnce(tx, databaseVitals)
    if (allowed <= 0) return []
    return [{ labels: {}, ...above(open / allowed, threshold), facts: { open, allowed } }]
  },
})
