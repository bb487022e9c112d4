import type { Matcher } from '../matchers.ts'
import { alertRules } from '../rules/index.ts'
import { severities } from '../severity.ts'

/** What is told without being a rule that can be set. */
const toldWithoutRule = ['clock_jump', 'database_unreachable', 'notification_dead']

/** Every rule that an alert may name. */
export function knownRules(): string[] {
  return [...alertRules.map(({ name }) => name), ...toldWithoutRule]
}

/**
 * Whether nothing that can fire gets past these conditions. Every alert has a rule and an urgency; of the other labels one
 * that is not there is the empty text, so that `entity!=product` lets nearly everything be caught and does not narrow it.
 */
export function catchesAll(matchers: readonly Matcher[]): boolean {
  return !matchers.some(narrows)
}

function narrows({ label, op, values }: Matcher): boolean {
  const possible = label === 'rule' ? knownRules() : label === 'severity' ? [...severities] : ['']
  return possible.some((value) => values.includes(value) === (op === '!='))
}

/** Conditions as people write them. */
export function matcherWords(matchers: readonly Matcher[]): string {
  return matchers
    .map(({ label, op, values }) => `${label}${op === '!=' ? '!=' : '='}${values.join('|')}`)
    .join(' ')
}
