import { z } from 'zod'
import { readSettings, type Queryable } from '@tds/db'
import { childLogger } from '@tds/runtime'
import { severities } from '../severity.ts'
import type { AlertRule, RuleTiming } from './rule.ts'

const log = childLogger('alerting:rule-settings')

/** A rule as it holds now. */
export interface SettledRule {
  readonly rule: AlertRule
  readonly timing: RuleTiming
  readonly settings: Readonly<Record<string, unknown>>
  /** What was refused, as sentences; the value before it holds. */
  readonly problems: readonly string[]
}

/** Settings in force by name, each with its value. */
export type StoredSettings = ReadonlyMap<string, unknown>

/** The three thresholds that keep the names they always had. */
const upstream: Readonly<Record<string, { readonly row: string; readonly setting: string }>> = {
  failure_rate: { row: 'failure_rate_threshold', setting: 'threshold' },
  queue_backlog: { row: 'queue_backlog_threshold', setting: 'threshold' },
  sync_lag: { row: 'sync_lag_threshold_minutes', setting: 'thresholdMinutes' },
}

const second = z.int().min(0).max(86_400)
const timingSchema = z.strictObject({
  enabled: z.boolean(),
  severity: z.enum(severities),
  forSeconds: second,
  keepSeconds: second,
})
const timingKeys = Object.keys(timingSchema.shape)

/** The row with what somebody changed about a rule. */
export function ruleRow(rule: string): string {
  return `alert_rule.${rule}`
}

/** The row of a number of a rule that has one of its own; null for all others. */
export function upstreamRow(rule: string, setting: string): string | null {
  const own = upstream[rule]
  return own?.setting === setting ? own.row : null
}

/** What a number that has a row of its own is where nobody has changed it: that row is never taken away. */
export function upstreamDefault(rule: AlertRule, setting: string): unknown {
  return settleRule(rule, new Map()).settings[setting]
}

/** Names of all settings that a rule goes by. */
export function settingRows({ name }: AlertRule): readonly string[] {
  const own = upstream[name]
  return own === undefined ? [ruleRow(name)] : [ruleRow(name), own.row]
}

/**
 * Tells how a rule holds by its defaults and what is stored. A value that is refused is left out with its problem, and what
 * held `before` stays in its place.
 */
export function settleRule(rule: AlertRule, stored: StoredSettings, before?: SettledRule): SettledRule {
  const { wanted, problems } = wantedOf(rule, stored)
  const found = [...problems]
  const earlier: Readonly<Record<string, unknown>> = { ...before?.timing, ...before?.settings }
  for (;;) {
    const read = parseRule(rule, wanted)
    if (read.success) return { rule, ...read.data, problems: found }
    const bad = read.issues.filter(({ key }) => Object.hasOwn(wanted, key))
    if (bad.length === 0) return fallBack(rule, before, [...found, ...read.issues.map(told)])
    for (const issue of bad) {
      found.push(told(issue))
      // The value before it is tried once; it is refused in its turn if a newer version knows better.
      if (Object.hasOwn(earlier, issue.key) && wanted[issue.key] !== earlier[issue.key])
        wanted[issue.key] = earlier[issue.key]
      else Reflect.deleteProperty(wanted, issue.key)
    }
  }
}

interface Issue {
  readonly key: string
  readonly message: string
}

type Parsed =
  | { readonly success: true; readonly data: Pick<SettledRule, 'timing' | 'settings'> }
  | { readonly success: false; readonly issues: readonly Issue[] }

function parseRule(rule: AlertRule, wanted: Readonly<Record<string, unknown>>): Parsed {
  const entries = Object.entries(wanted)
  const timing = timingSchema.safeParse({ ...rule.timing, ...pick(entries, true) })
  const settings = rule.settings.safeParse(pick(entries, false))
  if (timing.success && settings.success)
    return {
      success: true,
      data: { timing: timing.data, settings: settings.data as SettledRule['settings'] },
    }
  return { success: false, issues: [...issuesOf(timing), ...issuesOf(settings)] }
}

function pick(entries: readonly (readonly [string, unknown])[], isTiming: boolean): Record<string, unknown> {
  return Object.fromEntries(entries.filter(([key]) => timingKeys.includes(key) === isTiming))
}

function issuesOf(read: z.ZodSafeParseResult<unknown>): Issue[] {
  if (read.success) return []
  return read.error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({ key, message: 'there is no such setting' }))
    return [{ key: String(issue.path[0] ?? ''), message: issue.message }]
  })
}

function told({ key, message }: Issue): string {
  return key === '' ? message : `${key}: ${message}`
}

function wantedOf({ name }: AlertRule, stored: StoredSettings) {
  const wanted: Record<string, unknown> = {}
  const own = upstream[name]
  if (own !== undefined && stored.has(own.row)) wanted[own.setting] = stored.get(own.row)
  const row = stored.get(ruleRow(name))
  if (row === undefined) return { wanted, problems: [] }
  const overrides = z.record(z.string(), z.unknown()).safeParse(row)
  if (!overrides.success) return { wanted, problems: [`${ruleRow(name)}: expected an object`] }
  const { [own?.setting ?? '']: doubled, ...others } = overrides.data
  Object.assign(wanted, others)
  const problems = doubled === undefined ? [] : [`${own?.setting ?? ''}: its row is ${own?.row ?? ''}`]
  return { wanted, problems }
}

function fallBack(
  rule: AlertRule,
  before: SettledRule | undefined,
  problems: readonly string[],
): SettledRule {
  if (before !== undefined) return { ...before, problems }
  const settings = rule.settings.parse({}) as SettledRule['settings']
  return { rule, timing: rule.timing, settings, problems }
}

/** Reads how rules hold, again and again, and remembers what held before. */
export interface RuleSettings {
  /** In one transaction with what is measured by it. */
  load(tx: Queryable): Promise<readonly SettledRule[]>
}

/** Makes a reader of the settings of rules. Each problem is logged once, for as long as it lasts. */
export function createRuleSettings(rules: readonly AlertRule[]): RuleSettings {
  const held = new Map<string, SettledRule>()
  return {
    load: async (tx) => {
      const stored = await readStored(tx)
      return rules.map((rule) => {
        const before = held.get(rule.name)
        const settled = settleRule(rule, stored, before)
        const fresh = settled.problems.filter((problem) => !(before?.problems ?? []).includes(problem))
        for (const problem of fresh)
          log.warn('A setting of a rule was refused; the value before it stays', { rule: rule.name, problem })
        held.set(rule.name, settled)
        return settled
      })
    },
  }
}

/** Reads all settings that are in force. */
export async function readStored(tx: Queryable): Promise<StoredSettings> {
  const rows = await readSettings(tx)
  return new Map(rows.map((row) => [row.config_key, JSON.parse(row.config_value) as unknown]))
}
