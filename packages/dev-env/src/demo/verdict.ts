import type { Verdict } from '../comparison/compare-records.ts'
import { counted, type Screen } from './screen.ts'

const SHOWN_DIFFERENCES = 5

/** Prints what comparing came to, with the first differences in words; true when there are none. */
export function showVerdict(screen: Screen, verdicts: readonly Verdict[]): boolean {
  screen.heading('Comparing every record with Zoho: values, lines, brackets, locations, custom fields:')
  screen.table(
    verdicts.map(({ type, compared, equal }) => ({
      entity: type,
      compared: counted(compared),
      equal: counted(equal),
      different: counted(compared - equal),
    })),
  )
  for (const { type, differences } of verdicts) {
    for (const { zohoId, says } of differences.slice(0, SHOWN_DIFFERENCES))
      screen.detail(`${type} ${zohoId} ${says}`)
    const more = differences.length - SHOWN_DIFFERENCES
    if (more > 0) screen.detail(`… and ${counted(more)} more of ${type}`)
  }
  const isEqual = verdicts.every(({ differences }) => differences.length === 0)
  screen.heading(
    isEqual
      ? 'Verdict: the database holds exactly what Zoho holds.'
      : 'Verdict: the database DIFFERS from Zoho.',
  )
  return isEqual
}
