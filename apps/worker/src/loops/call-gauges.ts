import { callLanes } from '@tds/core'
import { callBudgetStatus, type CallBudgetStatus, type Database } from '@tds/db'
import { gauge, poller, type Service } from '@tds/runtime'

const quotaCalls = gauge({
  name: 'tds_zoho_quota_calls',
  help: 'Calls to Zoho by what limits them (minute, day, in_flight): used, and the limit. -1 where no limit of the day is known.',
  labelNames: ['quota', 'figure'],
})
const waiting = gauge({
  name: 'tds_zoho_calls_waiting',
  help: 'Calls to Zoho that wait for their turn, in all processes, by lane.',
  labelNames: ['lane'],
})
const exhausted = gauge({
  name: 'tds_zoho_quota_exhausted',
  help: '1 while the calls of the day are used up, else 0.',
})
const lasting = gauge({
  name: 'tds_zoho_quota_lasts_seconds',
  help: 'How long the calls of the day last at the present pace: the forecast, or the rest of the day where they suffice.',
})

/** Shows how the shared budget of calls stands, whoever makes them. Of several organisations it shows the one with the most calls a day. */
export function callGauges({ db }: { readonly db: Database }): Service {
  return poller({
    name: 'call-gauges',
    everyMs: 15_000,
    runOnce: async () => {
      const [busiest] = (await callBudgetStatus(db)).sort((a, b) => b.day_used - a.day_used)
      if (busiest !== undefined) show(busiest)
      return { shown: busiest === undefined ? 0 : 1 }
    },
  })
}

function show(budget: CallBudgetStatus): void {
  const { day_limit: limit, day_left: left } = budget
  const dayUsed = limit === null || left === null ? budget.day_used : limit - left
  quotaCalls.set({ quota: 'minute', figure: 'used' }, budget.minute_used)
  quotaCalls.set({ quota: 'minute', figure: 'limit' }, budget.minute_limit)
  quotaCalls.set({ quota: 'in_flight', figure: 'used' }, budget.in_flight)
  quotaCalls.set({ quota: 'in_flight', figure: 'limit' }, budget.in_flight_limit)
  quotaCalls.set({ quota: 'day', figure: 'used' }, dayUsed)
  quotaCalls.set({ quota: 'day', figure: 'limit' }, limit ?? -1)
  for (const lane of callLanes) waiting.set({ lane }, budget.waiting[lane] ?? 0)
  exhausted.set(budget.exhausted_for === null ? 0 : 1)
  lasting.set(budget.exhausted_for === null ? (budget.lasts_for ?? budget.day_ends_in) : 0)
}
