import type { z } from 'zod'
import type { Queryable } from '@tds/db'
import type { Labels } from '../labels.ts'
import type { Severity } from '../severity.ts'

/** What one evaluation of a rule found of one thing that it looks at. */
export interface Sample {
  /** What it is about; the empty object where the rule has one instance only. */
  readonly labels: Labels
  /** The measured number; null where there is none to show. */
  readonly value: number | null
  /** What it is held against; null where there is none. */
  readonly threshold: number | null
  /** Whether it is so now. Comparisons are strict: what equals the threshold does not breach. */
  readonly breaches: boolean
  /** Whether something that fires already goes on: the value is above the lower threshold at which it clears. Default: `breaches`. */
  readonly holds?: boolean
  /** Another than the rule's, where urgency depends on the value. */
  readonly severity?: Severity
  /** Further numbers and names for the message: never content of records, never a secret. */
  readonly facts?: Readonly<Record<string, number | string>>
}

/** What a rule finds where there is nothing to compare. */
export type NoDataPolicy = 'clear' | 'keep' | 'breach'

/** The numbers that every rule has beside its own; all of them can be changed while everything runs. */
export interface RuleTiming {
  readonly enabled: boolean
  readonly severity: Severity
  /** For how long it must be so before anybody is told. */
  readonly forSeconds: number
  /** For how long it must no longer be so before it counts as over. */
  readonly keepSeconds: number
}

/** Where and when a rule measures. */
export interface Measuring<S> {
  /** One read-only transaction for all rules of a pass, so that all of them see one state. */
  readonly tx: Queryable
  readonly settings: S
  /** The database's time. */
  readonly now: Date
  /** When this alerter began to evaluate; rules about silence wait a minute after that. */
  readonly startedAt: Date
  /** Time zone of the hours of the week; default UTC. */
  readonly timeZone?: string
}

/** The number of a rule as `tds_metrics` keeps it, so that the past can be asked how often the rule would have fired. */
export interface StoredNumber<S> {
  readonly metric: string
  /** Takes the number out of the stored value; null where it holds none. */
  readonly numberOf: (value: unknown) => number | null
  /** Judges it as the rule does. */
  readonly judge: (value: number, settings: S) => Pick<Sample, 'threshold' | 'breaches' | 'holds'>
}

/**
 * One thing that people want to be told of. A rule reads counters and small tables only, throws where it cannot measure
 * (then nothing changes), and returns no sample where there is nothing to compare.
 */
export interface AlertRule<S = unknown> {
  /** Its name in tables, settings, messages and in `docs/operations/alerts/<name>.md`. */
  readonly name: string
  /** What is wrong, in a few words. */
  readonly title: string
  readonly timing: RuleTiming
  /** What it looks at beside, as shown to people; each number with its unit. */
  readonly settings: z.ZodType<S>
  readonly noData: NoDataPolicy
  readonly measure: (o: Measuring<S>) => Promise<readonly Sample[]>
  /** Absent where the past does not keep its number. */
  readonly stored?: StoredNumber<S>
}

/** Makes a rule; its own settings keep their type inside. */
export function defineRule<S>(rule: AlertRule<S>): AlertRule {
  return rule as AlertRule
}
