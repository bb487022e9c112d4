import { dataChecks, pipelineChecks } from '@tds/core'
import { isDatabaseUnavailable, lastOutcomes, type Database, type LastOutcomes } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'
import type { DatabaseWatch } from '../database-watch.ts'
import type { SpoolDrain } from '../spool/drain-spool.ts'
import type { SpoolState } from '../spool/spool-state.ts'
import { spoolCheck, spoolThresholds } from './spool-check.ts'

/** From where on a figure degrades the api; the other thresholds are in core's pipeline checks. */
export const apiThresholds = {
  /** A round trip to the database, in milliseconds. */
  roundTripMs: { degraded: 500 },
  /** How much older than the last failure of a type its last success may be, in seconds. */
  successBehindFailureSeconds: { degraded: 900 },
  /** How far back outcomes are looked at, in hours. */
  outcomesWithinHours: 24,
  spool: spoolThresholds,
} as const

/** What `/health` of the api looks at, judged by outcomes. */
export function apiChecks(
  db: Database,
  {
    watch,
    spool,
    drain,
  }: {
    readonly watch: Pick<DatabaseWatch, 'problem' | 'roundTripMs'>
    readonly spool: { readonly state: () => SpoolState }
    readonly drain: Pick<SpoolDrain, 'problem'>
  },
): HealthCheck[] {
  return [
    { name: 'database', check: () => judgeDatabase(watch, drain) },
    spoolCheck(spool, drain),
    ...pipelineChecks(db),
    ...dataChecks(db),
    {
      name: 'last success',
      check: async () => judgeOutcomes(await lastOutcomes(db, apiThresholds.outcomesWithinHours)),
    },
  ]
}

function judgeDatabase(
  { problem, roundTripMs }: Pick<DatabaseWatch, 'problem' | 'roundTripMs'>,
  drain: Pick<SpoolDrain, 'problem'>,
): HealthResult {
  const reason = problem()
  if (reason !== null) return { status: 'unhealthy', detail: `The database does not answer: ${reason}` }
  // One whose disk is full, or that only reads, goes on answering questions.
  const unstored = drain.problem()
  if (unstored !== null && isDatabaseUnavailable(unstored))
    return {
      status: 'unhealthy',
      detail: `The database answers, but takes nothing: ${unstored.message}. ${unstored.nextStep}`,
    }
  const ms = Math.round(roundTripMs() ?? 0)
  return {
    status: ms >= apiThresholds.roundTripMs.degraded ? 'degraded' : 'healthy',
    detail: `The database answers within ${String(ms)} ms.`,
    facts: { roundTripMs: ms },
  }
}

function judgeOutcomes(outcomes: readonly LastOutcomes[]): HealthResult {
  const failing = outcomes.filter(isFailing).map((outcome) => outcome.entity_type)
  const facts = Object.fromEntries(outcomes.map((outcome) => [outcome.entity_type, inSeconds(outcome)]))
  if (failing.length > 0) {
    return {
      status: 'degraded',
      detail: `Events of these types fail and none succeeds: ${failing.join(', ')}.`,
      facts,
    }
  }
  const hours = String(apiThresholds.outcomesWithinHours)
  const detail =
    outcomes.length === 0
      ? `No event was processed in ${hours} hours.`
      : 'Every type that had events succeeds.'
  return { status: 'healthy', detail, facts }
}

function isFailing({ last_success_seconds: success, last_failure_seconds: failure }: LastOutcomes): boolean {
  if (failure === null) return false
  return success === null || success - failure >= apiThresholds.successBehindFailureSeconds.degraded
}

function inSeconds({ last_success_seconds: success, last_failure_seconds: failure }: LastOutcomes) {
  return {
    lastSuccessSeconds: success === null ? null : Math.round(success),
    lastFailureSeconds: failure === null ? null : Math.round(failure),
  }
}
