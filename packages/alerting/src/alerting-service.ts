import { alertingPulse, leaderDuty, type Database } from '@tds/db'
import { serviceGroup, type HealthCheck, type Service } from '@tds/runtime'
import { alertingGauges } from './alerting-gauges.ts'
import { deliveryService } from './delivery/lanes.ts'
import { receiverChecks } from './delivery/receiver-checks.ts'
import { routingReader } from './dispatch/read-routing.ts'
import { deadManSwitch } from './emergency/dead-man.ts'
import { alertPasses } from './evaluation/alert-pass.ts'
import type { Receiver } from './receivers/receiver.ts'
import { alertRules } from './rules/index.ts'
import { createRuleSettings } from './rules/rule-settings.ts'
import { runbookUrl } from './runbook-url.ts'

/** What alerting needs. */
export interface AlertingOptions {
  readonly db: Database
  /** The daemon: the identity of this one start. */
  readonly daemonId: string
  readonly receivers: readonly Receiver[]
  readonly language: 'en' | 'ar'
  readonly environment: string
  /** Of the business, by its IANA name. */
  readonly timeZone: string
  /** Address of the pages, without a slash at its end; null where there is none. */
  readonly publicUrl: string | null
  /** Pinged while all of it works; null for none. */
  readonly deadManUrl: string | null
  /** Whether this machine may be a receiver. */
  readonly allowLoopback: boolean
}

/** From one evaluation to the next. */
const evaluateEveryMs = 15_000

/** From where on a figure degrades alerting. */
export const alertingThresholds = {
  secondsSinceEvaluation: { degraded: (3 * evaluateEveryMs) / 1000 },
} as const

/** Rules, pipeline and delivery as one service. Any number of alerters: one evaluates, all of them deliver. */
export function alertingService(o: AlertingOptions): Service & { readonly checks: readonly HealthCheck[] } {
  const { db, daemonId, receivers, language, environment, publicUrl } = o
  const delivery = deliveryService({
    db,
    receivers,
    holder: daemonId,
    language,
    environment,
    runbookUrl: (rule) => runbookUrl(rule, publicUrl),
  })
  const settings = createRuleSettings(alertRules)
  const pass = alertPasses({
    db,
    rules: () => settings.load(db),
    routing: routingReader(db),
    configured: receivers.map(({ integration }) => integration),
    surroundings: { environment, publicUrl },
    timeZone: o.timeZone,
  })
  const evaluation = leaderDuty({
    name: 'alert-rules',
    db,
    holder: daemonId,
    everyMs: evaluateEveryMs,
    runOnce: async (lease) => {
      const did = await pass(lease)
      if ((did['queued'] ?? 0) > 0) delivery.wake()
      return did
    },
  })
  const { allowLoopback, deadManUrl: url } = o
  const evaluatedWithin = (2 * evaluateEveryMs) / 1000
  const deadMan = url === null ? [] : [deadManSwitch({ db, url, allowLoopback, evaluatedWithin })]
  return {
    ...serviceGroup('alerting', [delivery, evaluation, alertingGauges(db), ...deadMan]),
    checks: [evaluationCheck(db), configuredCheck(receivers), ...receiverChecks(db, receivers)],
  }
}

function evaluationCheck(db: Database): HealthCheck {
  return {
    name: 'alert rules',
    check: async () => {
      const { evaluated_seconds: seconds } = await alertingPulse(db)
      if (seconds === null) return { status: 'degraded', detail: 'No rule was evaluated yet.' }
      const detail = `Rules were evaluated ${String(Math.round(seconds))} seconds ago.`
      const isLate = seconds > alertingThresholds.secondsSinceEvaluation.degraded
      return { status: isLate ? 'degraded' : 'healthy', detail, facts: { seconds } }
    },
  }
}

function configuredCheck(receivers: readonly Receiver[]): HealthCheck {
  const ways = receivers.map(({ integration }) => integration).join(', ')
  return {
    name: 'receivers',
    check: () =>
      Promise.resolve(
        receivers.length === 0
          ? { status: 'degraded', detail: 'No way to people is set up: alerts are kept and nobody is told.' }
          : { status: 'healthy', detail: `People are told by ${ways}.` },
      ),
  }
}
