import { z } from 'zod'
import { databaseThresholds } from '@tds/core'
import { databaseVitals } from '@tds/db'
import { above } from './above.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  seconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(databaseThresholds.oldestTransactionSeconds.degraded)
    .describe('seconds that a transaction may be open'),
})

/** A transaction keeps dead rows from being removed, and tables grow. */
export const oldestTransaction = defineRule<z.output<typeof settings>>({
  name: 'oldest_transaction',
  title: 'A transaction is open for too long',
  timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { seconds } }) => {
    const { oldest_transaction_seconds: oldest } = await measuredOnce(tx, databaseVitals)
    return [{ labels: {}, ...above(oldest ?? 0, seconds) }]
  },
})
