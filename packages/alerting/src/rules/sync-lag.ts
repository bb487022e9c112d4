import { z } from 'zod'
import { callBudgetStatus, spoolStandings, waitingAges } from '@tds/db'
import { above } from './above.ts'
import { isStarting } from './is-starting.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  thresholdMinutes: z.int().min(1).max(10_080).default(15).describe('minutes that an event may wait'),
})
type Settings = z.output<typeof settings>

/** An event waits for too long. What waits on purpose, until Zoho allows calls again, is told beside it. */
export const syncLag = defineRule<Settings>({
  name: 'sync_lag',
  title: 'An event waits for too long',
  timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 120 },
  settings,
  // While the alerter starts there is nothing to compare, and what fires goes on.
  noData: 'keep',
  measure: async (o) => {
    if (isStarting(o)) return []
    const budgets = await measuredOnce(o.tx, callBudgetStatus)
    const usedUp = budgets.filter((budget) => budget.exhausted_for !== null)
    const ages = await waitingAges(
      o.tx,
      usedUp.map((budget) => budget.organization_id),
    )
    const spools = await measuredOnce(o.tx, spoolStandings)
    const oldest = Math.max(ages.oldest ?? 0, ...spools.map(({ oldest_seconds: seconds }) => seconds ?? 0))
    return [
      {
        labels: {},
        ...above(oldest, o.settings.thresholdMinutes * 60),
        facts:
          ages.oldest_on_quota === null ? {} : { oldestOnQuotaSeconds: Math.round(ages.oldest_on_quota) },
      },
    ]
  },
})
