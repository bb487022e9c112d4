import { z } from 'zod'
import {
  listAlertStates,
  recordRuleRuns,
  type Database,
  type LeaderLease,
  type StoredAlertState,
} from '@tds/db'
import { childLogger } from '@tds/runtime'
import type { Routing } from '../dispatch/routes.ts'
import type { SettledRule } from '../rules/rule-settings.ts'
import { measureRules, type Measurement } from './measure-rules.ts'
import { nextInstances, type InstanceStep } from './next-instances.ts'
import { storeSteps } from './store-steps.ts'

const log = childLogger('alerting:evaluation')

/** What a pass needs. */
export interface EvaluationParts {
  readonly db: Database
  readonly lease: Pick<LeaderLease, 'guard'>
  readonly rules: readonly SettledRule[]
  readonly routing: Routing
  /** The database's time when this alerter began. */
  readonly startedAt: Date
  /** Of the business, by its IANA name. */
  readonly timeZone: string
  /** Whether the clock has just jumped: then ages mean nothing, and no state changes in this pass. */
  readonly isHeld: boolean
}

/** What a pass came to. */
export interface EvaluationReport {
  readonly rules: number
  readonly failed: number
  readonly fired: number
  readonly resolved: number
}

/**
 * Evaluates every rule once. The transitions of a rule are stored in a transaction of their own, under the lease, so that
 * one that cannot be stored keeps no other from it.
 */
export async function evaluate(parts: EvaluationParts): Promise<EvaluationReport> {
  const { db, rules, isHeld } = parts
  const { now, measurements } = await measureRules(db, {
    rules: rules.filter(({ timing }) => timing.enabled),
    startedAt: parts.startedAt,
    timeZone: parts.timeZone,
  })
  const standing = await listAlertStates(db)
  const instant = now.getTime() * 1000
  let fired = 0
  let resolved = 0
  for (const measurement of measurements) {
    const { rule } = measurement.settled
    const own = standing.filter((state) => state.rule === rule.name)
    const steps = isHeld ? [] : nextInstances(measurement, own, instant)
    if (measurement.error !== null)
      log.warn('a rule could not be evaluated', { rule: rule.name, reason: measurement.error })
    if (steps.length > 0) await store(parts, steps)
    fired += steps.filter(({ event }) => event === 'fired').length
    resolved += steps.filter(({ event }) => event === 'resolved').length
  }
  await endRemoved(parts, standing)
  await noteRuns(parts, measurements)
  const failed = measurements.filter(({ error }) => error !== null).length
  return { rules: measurements.length, failed, fired, resolved }
}

async function store({ db, lease, routing }: EvaluationParts, steps: readonly InstanceStep[]): Promise<void> {
  await db.transaction(async (tx) => {
    await lease.guard(tx)
    await storeSteps(tx, { steps, routing, note: null })
  })
}

async function noteRuns({ db, lease }: EvaluationParts, measurements: readonly Measurement[]): Promise<void> {
  await db.transaction(async (tx) => {
    await lease.guard(tx)
    await recordRuleRuns(
      tx,
      measurements.map(({ settled, error }) => ({ rule: settled.rule.name, error })),
    )
  })
}

/** What a rule that was switched off, or is no more, had found is over, and people are told. */
async function endRemoved(parts: EvaluationParts, standing: readonly StoredAlertState[]): Promise<void> {
  const live = new Map(parts.rules.map((settled) => [settled.rule.name, settled]))
  const orphans = standing.filter(({ rule }) => live.get(rule)?.timing.enabled !== true)
  if (orphans.length === 0) return
  await parts.db.transaction(async (tx) => {
    await parts.lease.guard(tx)
    const steps = orphans.map((before): InstanceStep => ({
      before,
      after: null,
      event: before.state === 'pending' ? 'lapsed' : 'resolved',
      settled: live.get(before.rule) ?? gone(before),
    }))
    await storeSteps(tx, { steps, routing: parts.routing, note: 'rule changed' })
  })
}

/** A rule that is no more has only its name left. */
function gone({ rule: name, severity }: StoredAlertState): SettledRule {
  const timing = { enabled: false, severity, forSeconds: 0, keepSeconds: 0 }
  const measure = () => Promise.resolve([])
  return {
    rule: { name, title: name, timing, settings: z.unknown(), noData: 'clear', measure },
    timing,
    settings: {},
    problems: [],
  }
}
