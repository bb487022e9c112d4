import { z } from 'zod'
import { callBudgetStatus, type CallBudgetStatus } from '@tds/db'
import { above } from './above.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule, type Sample } from './rule.ts'

const settings = z.strictObject({
  threshold: z.number().min(0).max(1).default(0.8).describe('share of the calls of the day that may be used'),
})

/** Most calls of the day are used; urgent once they are used up, because then nothing is read. */
export const zohoQuota = defineRule<z.output<typeof settings>>({
  name: 'zoho_quota',
  title: "Zoho's calls of the day run out",
  timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 300 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { threshold } }) => {
    const budgets = await measuredOnce(tx, callBudgetStatus)
    return budgets.flatMap((budget): Sample[] => {
      const used = usedShare(budget)
      if (used === null) return []
      const labels = { organization: budget.organization_id }
      const facts = { used: budget.day_used, endsInSeconds: Math.round(budget.day_ends_in) }
      if (budget.exhausted_for === null) return [{ labels, ...above(used, threshold), facts }]
      return [{ labels, value: used, threshold, breaches: true, severity: 'error', facts }]
    })
  },
})

/** Null where nobody has said how many there are and none was refused. */
function usedShare({
  day_limit: limit,
  day_left: left,
  exhausted_for: exhausted,
}: CallBudgetStatus): number | null {
  if (exhausted !== null) return 1
  return limit === null || left === null || limit === 0 ? null : (limit - left) / limit
}
