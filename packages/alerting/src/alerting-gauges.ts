import { failingRules, listAlertStates, type Database } from '@tds/db'
import { gauge, poller, type Service } from '@tds/runtime'
import { severities } from './severity.ts'

const active = gauge({
  name: 'tds_alerts_active',
  help: 'Alerts that fire, or are no longer true but not for long enough to be over, by urgency.',
  labelNames: ['severity'],
})
const failing = gauge({
  name: 'tds_alert_rules_failing',
  help: 'Rules whose last evaluation failed: what they watch is not watched.',
})

/** Counts, every quarter of a minute, what fires and which rules fail; each alerter tells the same numbers. */
export function alertingGauges(db: Database): Service {
  return poller({ name: 'alerting-figures', everyMs: 15_000, runOnce: () => readFigures(db) })
}

/**
 * One look: what the gauges say from now on.
 *
 * @internal
 */
export async function readFigures(db: Database): Promise<{ active: number; failing: number }> {
  const fired = (await listAlertStates(db)).filter(({ state }) => state !== 'pending')
  for (const severity of severities)
    active.set({ severity }, fired.filter((state) => state.severity === severity).length)
  const rules = await failingRules(db)
  failing.set(rules.length)
  return { active: fired.length, failing: rules.length }
}
