import {
  ledgerSweeps,
  webhookCoverage,
  webhookHabits,
  type Database,
  type LedgerSweep,
  type WebhookCoverage,
  type WebhookHabit,
} from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'
import { entityOf } from '../entities/index.ts'
import { habitOf, silenceOf, silenceThresholds, type SilenceState } from './webhook-silence.ts'

/** From where on missing webhooks degrade the system; docs/operations/health.md has these numbers. */
export const webhookThresholds = {
  missRatio: { degraded: 0.05, minimumVersions: 20 },
  ...silenceThresholds,
  secondsSinceSweep: { degraded: 7200 },
} as const

/**
 * Checks whether webhooks come: how many were missed, whether a type has fallen silent, and whether Zoho's own list of failed
 * ones is read. They are told from the database, so that every daemon can tell.
 */
export function webhookChecks(
  db: Database,
  o: { readonly timeZone: string; readonly ledgerMinutes: () => number },
): HealthCheck[] {
  return [
    { name: 'webhook_coverage', check: async () => judgeCoverage(await webhookCoverage(db)) },
    { name: 'webhook_silence', check: async () => judgeSilence(await webhookHabits(db, o.timeZone)) },
    { name: 'webhook_ledger', check: async () => judgeLedger(await ledgerSweeps(db), o.ledgerMinutes()) },
  ]
}

function judgeCoverage(coverages: readonly WebhookCoverage[]): HealthResult {
  const facts = Object.fromEntries(
    coverages.map(({ entity_type: type, told, missed, longest_lag: lag }) => [
      type,
      { told, missed, longestLagSeconds: lag === null ? null : Math.round(lag) },
    ]),
  )
  const { degraded, minimumVersions } = webhookThresholds.missRatio
  const poor = coverages.filter(
    ({ told, missed }) => told + missed >= minimumVersions && missed / (told + missed) > degraded,
  )
  if (poor.length > 0) {
    const which = poor.map(
      ({ entity_type: type, told, missed }) => `${type} ${shareOf(missed, told + missed)}`,
    )
    const detail = `Versions of the last day that no webhook told of: ${which.join(', ')}. ${coverageStep}`
    return { status: 'degraded', detail, facts }
  }
  const missed = coverages.reduce((sum, one) => sum + one.missed, 0)
  const seen = coverages.reduce((sum, one) => sum + one.told + one.missed, 0)
  if (seen === 0) return { status: 'healthy', detail: 'No version was seen in the last day.', facts }
  const detail = `Of the versions of the last day no webhook told of ${shareOf(missed, seen)}.`
  return { status: 'healthy', detail, facts }
}

const coverageStep =
  'The rows are right all the same, because reads found them; look at the workflow rules and at the list of failed webhooks in Zoho.'

function shareOf(part: number, whole: number): string {
  return `${String(part)} of ${String(whole)} (${((100 * part) / whole).toFixed(1)} %)`
}

function judgeSilence(habits: readonly WebhookHabit[]): HealthResult {
  if (habits.length === 0) return { status: 'healthy', detail: 'Webhooks were not counted yet.' }
  const judged = habits.map((habit) => ({ habit, state: silenceOf(habit) }))
  const facts = Object.fromEntries(
    judged.map(({ habit, state }) => [habit.entity_type, factsOf(habit, state)]),
  )
  const alarms = judged.filter(({ state }) => state === 'silent' || state === 'never')
  if (alarms.length > 0) {
    const detail = alarms.map(({ habit }) => alarmOf(habit)).join(' ')
    return { status: 'degraded', detail: `${detail} ${silenceStep}`, facts }
  }
  const waiting = judged.filter(({ state }) => state === 'none-yet').length
  const detail =
    waiting === judged.length
      ? 'No webhook has come yet.'
      : waiting === 0
        ? 'Webhooks come as they usually do.'
        : `Webhooks come as they usually do; of ${String(waiting)} types none has come yet.`
  return { status: 'healthy', detail, facts }
}

const silenceStep =
  'Check in Zoho that the workflow rule is active and its webhook has this address; the list of failed webhooks there says what became of the last ones.'

function alarmOf(habit: WebhookHabit): string {
  const { entity_type: type, last_webhook_at: last, silent_busy_hours: hours, seen_since: seen } = habit
  const address = `/webhooks/${entityOf(type)?.resource ?? type}`
  const found = `reads found ${String(seen)} changes meanwhile`
  if (last === null) return `${type}: no webhook has ever come to ${address}, and ${found}.`
  const limit = String(habitOf(habit) ?? 0)
  return `${type}: the last webhook came to ${address} at ${last}, ${String(hours)} busy hours ago, where ${limit} are usual at most; ${found}.`
}

function factsOf(habit: WebhookHabit, state: SilenceState) {
  return {
    state,
    lastAt: habit.last_webhook_at,
    silentBusyHours: habit.silent_busy_hours,
    habitBusyHours: habitOf(habit),
    learnedFrom: habit.learned_from,
    seenByReadsSince: habit.seen_since,
  }
}

function judgeLedger(sweeps: readonly LedgerSweep[], minutes: number): HealthResult {
  const facts = Object.fromEntries(sweeps.map((sweep) => [sweep.organization_id, ledgerFacts(sweep)]))
  if (minutes === 0)
    return {
      status: 'healthy',
      detail: "Zoho's list of failed webhooks is not read: it is switched off.",
      facts,
    }
  const [sweep] = sweeps
  if (sweep === undefined)
    return { status: 'healthy', detail: "Zoho's list of failed webhooks was not read yet.", facts }
  const { unavailable_for: unavailable, swept_seconds: swept, last_error: error } = sweep
  if (unavailable !== null) {
    const hours = String(Math.ceil(unavailable / 3600))
    const detail = `Zoho does not show us its list of failed webhooks; it is asked again in ${hours} h. Reads and reconciliation find what webhooks miss.`
    return { status: 'healthy', detail, facts }
  }
  const since = swept === null ? 'never read to its end' : `last read ${String(Math.round(swept))} s ago`
  const detail = `Zoho's list of failed webhooks was ${since}${error === null ? '' : ` (${error})`}; ${sweep.failures} failures found so far, ${sweep.owed} reads asked for.`
  const limit = Math.max(webhookThresholds.secondsSinceSweep.degraded, 3 * 60 * minutes)
  const isLate = error !== null && (swept === null || swept >= limit)
  return { status: isLate ? 'degraded' : 'healthy', detail, facts }
}

function ledgerFacts(sweep: LedgerSweep) {
  return {
    readUntil: sweep.read_until,
    lastError: sweep.last_error,
    failures: sweep.failures,
    owed: sweep.owed,
    unknownModules: sweep.unknown_modules,
    unreadable: sweep.unreadable,
  }
}
