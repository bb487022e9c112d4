import type { Instant } from '@tds/core'
import type { RuleTiming, Sample } from '../rules/rule.ts'
import type { Severity } from '../severity.ts'

/** What is known of something that is not well. What is well is not known. */
export interface InstanceState {
  readonly state: 'pending' | 'firing' | 'recovering'
  readonly severity: Severity
  readonly activeSince: Instant
  readonly firedAt: Instant | null
  readonly clearSince: Instant | null
  readonly evaluatedAt: Instant
  readonly reentries: number
}

/** What an evaluation says of it: `holds` is above the lower threshold only, which goes on but does not begin. */
export type Finding = 'breaches' | 'holds' | 'clear'

/**
 * What became of it. `lapsed`: it never fired. `withdrawn`: the rule was made milder, so it fires no more and nobody is told.
 */
export type StateEvent =
  'pending' | 'fired' | 'recovering' | 'reentered' | 'resolved' | 'lapsed' | 'withdrawn' | 'severity' | null

/** The state after an evaluation; null where all is well. */
export interface StateStep {
  readonly after: InstanceState | null
  readonly event: StateEvent
}

/** An evaluation of one instance. */
export interface Evaluation {
  readonly finding: Finding
  readonly severity: Severity
  readonly timing: Pick<RuleTiming, 'forSeconds' | 'keepSeconds'>
  /** Whether it would still breach if the rule were as it was at the last evaluation. */
  readonly isMilder: boolean
  readonly now: Instant
}

/** Errors in between that last longer make a pending alert begin anew: nobody knows what was then. */
const knownGapSeconds = 120
const second = 1_000_000

/** What a sample says. */
export function findingOf({ breaches, holds = breaches }: Pick<Sample, 'breaches' | 'holds'>): Finding {
  if (breaches) return 'breaches'
  return holds ? 'holds' : 'clear'
}

/** The state machine of alerts: pending, firing, recovering, and nothing. */
export function nextState(before: InstanceState | null, seen: Evaluation): StateStep {
  if (before === null || before.state === 'pending') return fromQuiet(before, seen)
  return fromFiring(before, seen)
}

function fromQuiet(before: InstanceState | null, seen: Evaluation): StateStep {
  const { finding, timing, now } = seen
  if (finding !== 'breaches') return { after: null, event: before === null ? null : 'lapsed' }
  const isKnown = before !== null && now - before.evaluatedAt <= knownGapSeconds * second
  const activeSince = isKnown ? Math.min(before.activeSince, now) : now
  const base = { severity: seen.severity, activeSince, clearSince: null, evaluatedAt: now, reentries: 0 }
  if (now - activeSince >= timing.forSeconds * second)
    return { after: { ...base, state: 'firing', firedAt: now }, event: 'fired' }
  return { after: { ...base, state: 'pending', firedAt: null }, event: before === null ? 'pending' : null }
}

function fromFiring(before: InstanceState, seen: Evaluation): StateStep {
  const { finding, timing, severity, now } = seen
  if (finding === 'clear') return fromClear(before, seen)
  // The time for which it must be so was raised while it fires.
  if (before.state === 'firing' && now - before.activeSince < timing.forSeconds * second)
    return withdrawn(before, seen)
  const after = { ...before, state: 'firing' as const, clearSince: null, evaluatedAt: now, severity }
  if (before.state === 'recovering')
    return { after: { ...after, reentries: before.reentries + 1 }, event: 'reentered' }
  return { after, event: before.severity === severity ? null : 'severity' }
}

function fromClear(before: InstanceState, seen: Evaluation): StateStep {
  const { timing, now } = seen
  if (before.state === 'firing' && seen.isMilder) return withdrawn(before, seen)
  const clearSince = before.state === 'recovering' ? (before.clearSince ?? now) : now
  if (now - clearSince >= timing.keepSeconds * second) return { after: null, event: 'resolved' }
  return {
    after: { ...before, state: 'recovering', clearSince, evaluatedAt: now },
    event: before.state === 'recovering' ? null : 'recovering',
  }
}

function withdrawn(before: InstanceState, { now }: Evaluation): StateStep {
  return {
    after: { ...before, state: 'pending', firedAt: null, clearSince: null, evaluatedAt: now, reentries: 0 },
    event: 'withdrawn',
  }
}
