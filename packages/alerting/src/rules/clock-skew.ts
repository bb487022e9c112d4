import { z } from 'zod'
import { databaseThresholds } from '@tds/core'
import { databaseTime } from '@tds/db'
import { above } from './above.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  seconds: z
    .number()
    .min(0.1)
    .max(3600)
    .default(databaseThresholds.clockSkewSeconds.degraded)
    .describe('seconds that the clocks may differ by'),
})

/** The clock of the machine that the alerter runs on and that of Postgres differ: one of them is wrong. */
export const clockSkew = defineRule<z.output<typeof settings>>({
  name: 'clock_skew',
  title: 'The clocks of alerter and Postgres differ',
  timing: { enabled: true, severity: 'warning', forSeconds: 60, keepSeconds: 120 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { seconds } }) => {
    const askedMs = Date.now()
    const theirs = await databaseTime(tx)
    // Its clock was read somewhere between question and answer.
    const ahead = (theirs.getTime() - (askedMs + Date.now()) / 2) / 1000
    return [{ labels: {}, ...above(Math.abs(ahead), seconds), facts: { aheadSeconds: Math.round(ahead) } }]
  },
})
