import { isDeepStrictEqual } from 'node:util'
import type { OperatorRequest } from '@tds/core'
import {
  deleteSetting,
  insertOperatorActions,
  lockSettings,
  transactOrRehearse,
  writeSetting,
  type Database,
  type Transaction,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import { alertRules } from './index.ts'
import {
  ruleRow,
  settingRows,
  settleRule,
  upstreamDefault,
  upstreamRow,
  type SettledRule,
} from './rule-settings.ts'
import type { AlertRule } from './rule.ts'

/** What a change of a rule came to: all its settings before and after. */
export interface RuleChange {
  readonly rule: string
  readonly before: Readonly<Record<string, unknown>>
  readonly after: Readonly<Record<string, unknown>>
}

/**
 * Finds a rule by its name.
 *
 * @throws TdsError `rule_not_found`.
 */
export function findRule(name: string): AlertRule {
  const rule = alertRules.find((one) => one.name === name)
  if (rule !== undefined) return rule
  throw new TdsError(`There is no rule ${name}`, {
    code: 'rule_not_found',
    disposition: 'reject',
    nextStep: 'Look the name up with tds alert-rules list.',
    facts: { rule: name },
  })
}

/**
 * Changes settings of a rule; null takes one back to its default. Holds from the next evaluation on.
 *
 * @throws TdsError `rule_not_found`, `rule_setting_refused`.
 */
export async function changeRule(
  db: Pick<Database, 'transaction'>,
  o: { readonly rule: string; readonly settings: Readonly<Record<string, unknown>> },
  request: OperatorRequest,
): Promise<RuleChange> {
  const rule = findRule(o.rule)
  return transactOrRehearse(db, request, async (tx) => {
    const stored = await lockedOf(tx, rule)
    const wanted = new Map(stored)
    const overrides = overridesOf(stored, rule)
    for (const [key, value] of Object.entries(o.settings)) {
      const row = upstreamRow(rule.name, key)
      if (row !== null) wanted.set(row, value ?? upstreamDefault(rule, key))
      else if (value === null) Reflect.deleteProperty(overrides, key)
      else overrides[key] = value
    }
    wanted.set(ruleRow(rule.name), overrides)
    return store(tx, { rule, stored, wanted, action: 'alert_rule.set' }, request)
  })
}

/** Takes all settings of a rule back to their defaults. */
export async function resetRule(
  db: Pick<Database, 'transaction'>,
  name: string,
  request: OperatorRequest,
): Promise<RuleChange> {
  const rule = findRule(name)
  return transactOrRehearse(db, request, async (tx) => {
    const stored = await lockedOf(tx, rule)
    const wanted = new Map<string, unknown>([[ruleRow(name), {}]])
    for (const key of Object.keys(settleRule(rule, new Map()).settings)) {
      const row = upstreamRow(name, key)
      if (row !== null) wanted.set(row, upstreamDefault(rule, key))
    }
    return store(tx, { rule, stored, wanted, action: 'alert_rule.reset' }, request)
  })
}

type Stored = ReadonlyMap<string, unknown>

async function lockedOf(tx: Transaction, rule: AlertRule): Promise<Stored> {
  const rows = await lockSettings(tx, settingRows(rule))
  return new Map(rows.map((row) => [row.config_key, JSON.parse(row.config_value) as unknown]))
}

function overridesOf(stored: Stored, rule: AlertRule): Record<string, unknown> {
  const row = stored.get(ruleRow(rule.name))
  return typeof row === 'object' && row !== null && !Array.isArray(row) ? { ...row } : {}
}

async function store(
  tx: Transaction,
  o: { readonly rule: AlertRule; readonly stored: Stored; readonly wanted: Stored; readonly action: string },
  request: OperatorRequest,
): Promise<RuleChange> {
  const { rule, stored, wanted, action } = o
  const settled = settleRule(rule, wanted)
  if (settled.problems.length > 0) throw refused(rule, settled.problems)
  for (const [key, value] of wanted)
    if (!isDeepStrictEqual(stored.get(key), value)) await write(tx, { rule, key, value, by: request.actor })
  const change = { rule: rule.name, before: flat(settleRule(rule, stored)), after: flat(settled) }
  const { actor, reason, via } = request
  const facts = { before: change.before, after: change.after, via }
  await insertOperatorActions(tx, [{ actor, reason, action, subject: rule.name, facts }])
  return change
}

async function write(
  tx: Transaction,
  o: { readonly rule: AlertRule; readonly key: string; readonly value: unknown; readonly by: string },
): Promise<void> {
  const { rule, key, value, by } = o
  if (key === ruleRow(rule.name) && isDeepStrictEqual(value, {})) return deleteSetting(tx, key)
  const description = `What differs from the defaults of the alert rule ${rule.name}.`
  await writeSetting(tx, { key, value, by, category: 'alert', description })
}

function flat({ timing, settings }: SettledRule): Record<string, unknown> {
  return { ...timing, ...settings }
}

function refused(rule: AlertRule, problems: readonly string[]): TdsError {
  return new TdsError(`The settings of ${rule.name} are refused: ${problems.join('; ')}`, {
    code: 'rule_setting_refused',
    disposition: 'reject',
    nextStep: 'See tds alert-rules show and the name of the rule for what it accepts.',
    facts: { rule: rule.name, problems },
  })
}
