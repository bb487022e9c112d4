import { callBudgetStatus, type CallBudgetStatus, type Database } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'

/** Checks of the calls to Zoho; every daemon and `tds status` can tell, because the budget is in the database. */
export function callBudgetChecks(db: Database): HealthCheck[] {
  return [{ name: 'zoho-budget', check: async () => judgeBudgets(await callBudgetStatus(db)) }]
}

function judgeBudgets(budgets: readonly CallBudgetStatus[]): HealthResult {
  if (budgets.length === 0) return { status: 'healthy', detail: 'Zoho was not called yet.' }
  return {
    status: budgets.some((budget) => budget.exhausted_for !== null) ? 'degraded' : 'healthy',
    detail: budgets.map((budget) => sentenceOf(budget)).join(' '),
    facts: Object.fromEntries(budgets.map((budget) => [budget.organization_id, factsOf(budget)])),
  }
}

function sentenceOf(budget: CallBudgetStatus): string {
  const { minute_used, minute_limit, day_used, day_limit, day_left, in_flight, in_flight_limit } = budget
  const day =
    day_limit === null || day_left === null
      ? `${String(day_used)} on this day`
      : `${String(day_limit - day_left)} of ${String(day_limit)} on this day`
  const used = `Calls to Zoho: ${String(minute_used)} of ${String(minute_limit)} in the last minute, ${day}, ${String(in_flight)} of ${String(in_flight_limit)} in flight`
  return `${used}; ${outlookOf(budget)}.`
}

function outlookOf({ exhausted_for, paused_for, pause_code, lasts_for }: CallBudgetStatus): string {
  if (exhausted_for !== null) return `quota exhausted for another ${durationOf(exhausted_for)}`
  if (paused_for !== null)
    return `Zoho asked to slow down (code ${pause_code ?? 'none'}), for another ${durationOf(paused_for)}`
  return lasts_for === null
    ? 'at this pace they last until the day ends'
    : `at this pace they last another ${durationOf(lasts_for)}`
}

function durationOf(seconds: number): string {
  if (seconds < 120) return `${String(Math.ceil(seconds))} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`
}

function factsOf(budget: CallBudgetStatus): Record<string, unknown> {
  const seconds = (value: number | null) => (value === null ? null : Math.round(value))
  return {
    minute: { used: budget.minute_used, limit: budget.minute_limit },
    inFlight: { used: budget.in_flight, limit: budget.in_flight_limit },
    day: {
      used: budget.day_used,
      left: budget.day_left,
      limit: budget.day_limit,
      endsInSeconds: seconds(budget.day_ends_in),
    },
    waiting: budget.waiting,
    pausedForSeconds: seconds(budget.paused_for),
    pauseCode: budget.pause_code,
    exhaustedForSeconds: seconds(budget.exhausted_for),
    callsAnHour: Math.round(budget.pace),
    lastsForSeconds: seconds(budget.lasts_for),
  }
}
