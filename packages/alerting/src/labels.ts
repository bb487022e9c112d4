import { canonicalJson, sha256Hex } from '@tds/core'

/** What tells things apart, by name. A label that is empty is the same as one that is not there. */
export type Labels = Readonly<Record<string, string>>

/** The same without labels that say nothing. */
export function usedLabels(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''))
}

/** Identity of what is wrong: SHA-256 of rule and labels, so that neither value nor text nor urgency makes it another. */
export function fingerprintOf(rule: string, labels: Labels): string {
  return sha256Hex(canonicalJson({ rule, labels: usedLabels(labels) }))
}
