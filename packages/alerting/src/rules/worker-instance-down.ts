import { z } from 'zod'
import { hostVitals } from '@tds/db'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  silentSeconds: z
    .int()
    .min(30)
    .max(86_400)
    .default(300)
    .describe('seconds that one of several workers may be silent'),
})

/** One of several workers died and did not come back: the others do its work, with less room. */
export const workerInstanceDown = defineRule<z.output<typeof settings>>({
  name: 'worker_instance_down',
  title: 'A worker is missing on a machine',
  // After a restart of the machine its workers come one after the other.
  timing: { enabled: true, severity: 'warning', forSeconds: 60, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { silentSeconds } }) => {
    const hosts = await hostVitals(tx, { role: 'worker', silentSeconds })
    return hosts.map(({ host, missing, silent_seconds: silent, alive }) => ({
      labels: { instance: host },
      value: missing,
      threshold: 0,
      // Where none is left, worker_down says so.
      breaches: missing > 0 && alive > 0,
      facts: { silentSeconds: Math.round(silent ?? 0), alive },
    }))
  },
})
