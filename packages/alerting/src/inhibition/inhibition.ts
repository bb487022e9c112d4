import type { Labels } from '../labels.ts'
import { matches, type Matcher } from '../matchers.ts'
import { compareSeverity, type Severity } from '../severity.ts'

/** What explains what: while a source fires, people are not told of its targets. */
export interface InhibitionRule {
  readonly source: readonly Matcher[]
  readonly target: readonly Matcher[]
  /** Labels that both must share. */
  readonly equal: readonly string[]
}

/** Something that fires or recovers, as inhibition looks at it; `rule` is one of its labels. */
export interface InhibitionPeer {
  readonly fingerprint: string
  readonly severity: Severity
  readonly labels: Labels
}

function ruleIs(...names: readonly string[]): Matcher {
  return { label: 'rule', op: 'in', values: [...names] }
}

/** A cause makes its consequences unnecessary to tell; the alerter's own alerts are never kept quiet. */
const inhibitionRules: readonly InhibitionRule[] = [
  {
    source: [ruleIs('worker_down')],
    target: [ruleIs('queue_backlog', 'sync_lag', 'worker_instance_down')],
    equal: [],
  },
  {
    source: [ruleIs('zoho_auth_failed', 'zoho_quota', 'token_refused')],
    target: [ruleIs('sync_lag', 'failure_rate')],
    equal: [],
  },
  { source: [ruleIs('dlq_growth')], target: [ruleIs('dlq_open')], equal: [] },
]

const neverKeptQuiet = ['rule_evaluation_failed', 'receiver_broken', 'clock_jump']

/** What explains an alert, so that people need not be told of it; null where nothing does. */
export function inhibitorOf(
  target: InhibitionPeer,
  sources: readonly InhibitionPeer[],
  rules: readonly InhibitionRule[] = inhibitionRules,
): InhibitionPeer | null {
  if (neverKeptQuiet.includes(target.labels['rule'] ?? '')) return null
  for (const rule of rules) {
    if (!matches(rule.target, target.labels)) continue
    const found = sources.find(
      (source) =>
        source.fingerprint !== target.fingerprint &&
        matches(rule.source, source.labels) &&
        // What matches both sides explains nothing, or two of them would explain each other.
        !matches(rule.target, source.labels) &&
        compareSeverity(target.severity, source.severity) <= 0 &&
        rule.equal.every((name) => (source.labels[name] ?? '') === (target.labels[name] ?? '')),
    )
    if (found !== undefined) return found
  }
  return null
}
