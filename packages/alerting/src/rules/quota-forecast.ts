import { z } from 'zod'
import { callBudgetStatus } from '@tds/db'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  spareMinutes: z
    .int()
    .min(0)
    .max(1440)
    .default(30)
    .describe('minutes before the end of the day that do not count'),
})

/** At the present pace the calls of the day are used up before it ends. */
export const quotaForecast = defineRule<z.output<typeof settings>>({
  name: 'quota_forecast',
  title: "Zoho's calls will not last the day",
  timing: { enabled: true, severity: 'warning', forSeconds: 900, keepSeconds: 900 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const budgets = await measuredOnce(tx, callBudgetStatus)
    return budgets.map((budget) => {
      const { lasts_for: lasts, day_ends_in: endsIn, day_left: left } = budget
      return {
        labels: { organization: budget.organization_id },
        value: lasts,
        threshold: lasts === null ? null : endsIn,
        // Once they are used up, zoho_quota says so.
        breaches: lasts !== null && lasts < endsIn - set.spareMinutes * 60,
        facts: { callsAnHour: Math.round(budget.pace), left: left ?? 0 },
      }
    })
  },
})
