/** How urgent something is, the least urgent first: the values of `tds_alert_severity`. */
export const severities = ['info', 'warning', 'error', 'critical'] as const

/** One of {@link severities}. */
export type Severity = (typeof severities)[number]

/** Compares as numbers do: above 0 where the first is more urgent. */
export function compareSeverity(left: Severity, right: Severity): number {
  return severities.indexOf(left) - severities.indexOf(right)
}

/** The most urgent of some; null of none. */
export function highestSeverity(all: Iterable<Severity>): Severity | null {
  let highest: Severity | null = null
  for (const one of all) if (highest === null || compareSeverity(one, highest) > 0) highest = one
  return highest
}
