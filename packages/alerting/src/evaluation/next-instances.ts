import { readInstant, writeInstant, type Instant } from '@tds/core'
import type { StoredAlertState } from '@tds/db'
import type { SettledRule } from '../rules/rule-settings.ts'
import type { Sample } from '../rules/rule.ts'
import type { Measurement } from './measure-rules.ts'
import { findingOf, type InstanceState, nextState, type StateEvent } from './next-state.ts'

/** An instance before and after an evaluation. */
export interface InstanceStep {
  readonly before: StoredAlertState | null
  /** Null where it is well now. `alert_id` is the one before: its episode is begun by whoever stores it. */
  readonly after: StoredAlertState | null
  readonly event: StateEvent
  readonly settled: SettledRule
}

/**
 * What becomes of every instance of a rule, those included that it did not speak of this time. A rule that could not be
 * measured changes nothing.
 */
export function nextInstances(
  { settled, samples, error }: Measurement,
  standing: readonly StoredAlertState[],
  now: Instant,
): InstanceStep[] {
  if (error !== null) return []
  const known = new Map(standing.map((state) => [state.fingerprint, state]))
  const steps: InstanceStep[] = []
  for (const fingerprint of new Set([...samples.keys(), ...known.keys()])) {
    const before = known.get(fingerprint) ?? null
    const sample = samples.get(fingerprint) ?? unspoken(settled, before)
    if (sample !== null) steps.push(stepOf({ fingerprint, before, sample, settled, now }))
  }
  return steps
}

/** What a rule that found nothing to compare means by it. */
function unspoken({ rule }: SettledRule, before: StoredAlertState | null): Sample | null {
  if (before === null || rule.noData === 'keep') return null
  return {
    labels: JSON.parse(before.labels) as Record<string, string>,
    value: null,
    threshold: before.threshold === null ? null : Number(before.threshold),
    breaches: rule.noData === 'breach',
    facts: JSON.parse(before.facts) as Record<string, number | string>,
  }
}

interface Stepping {
  readonly fingerprint: string
  readonly before: StoredAlertState | null
  readonly sample: Sample
  readonly settled: SettledRule
  readonly now: Instant
}

function stepOf({ fingerprint, before, sample, settled, now }: Stepping): InstanceStep {
  const severity = sample.severity ?? settled.timing.severity
  const { after, event } = nextState(before === null ? null : stateOf(before), {
    finding: findingOf(sample),
    severity,
    timing: settled.timing,
    isMilder: isMilder(before, sample),
    now,
  })
  return {
    before,
    event,
    settled,
    after: after === null ? null : rowOf(after, { fingerprint, before, sample, rule: settled.rule.name }),
  }
}

/** The threshold was raised over a value that would still breach the one before. */
function isMilder(before: StoredAlertState | null, { value, threshold }: Sample): boolean {
  if (before?.threshold == null || threshold === null || value === null) return false
  const previous = Number(before.threshold)
  return threshold > previous && value > previous
}

function stateOf(row: StoredAlertState): InstanceState {
  return {
    state: row.state,
    severity: row.severity,
    activeSince: readInstant(row.active_since),
    firedAt: row.fired_at === null ? null : readInstant(row.fired_at),
    clearSince: row.clear_since === null ? null : readInstant(row.clear_since),
    evaluatedAt: readInstant(row.evaluated_at),
    reentries: row.reentries,
  }
}

function rowOf(
  state: InstanceState,
  { fingerprint, before, sample, rule }: Omit<Stepping, 'settled' | 'now'> & { readonly rule: string },
): StoredAlertState {
  return {
    fingerprint,
    rule,
    labels: JSON.stringify(sample.labels),
    state: state.state,
    severity: state.severity,
    value: sample.value === null ? null : String(sample.value),
    threshold: sample.threshold === null ? null : String(sample.threshold),
    facts: JSON.stringify(sample.facts ?? {}),
    active_since: writeInstant(state.activeSince),
    fired_at: state.firedAt === null ? null : writeInstant(state.firedAt),
    clear_since: state.clearSince === null ? null : writeInstant(state.clearSince),
    evaluated_at: writeInstant(state.evaluatedAt),
    reentries: state.reentries,
    alert_id: state.state === 'pending' ? null : (before?.alert_id ?? null),
    version: before?.version ?? 0,
  }
}
