import { z } from 'zod'
import { readSetting } from '@tds/core'
import type { CertificateAge } from '@tds/db'
import { above } from './above.ts'
import { certificateNumbers } from './certificate-numbers.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  hours: z.int().min(1).max(2400).default(26).describe('hours that may pass without a complete comparison'),
})

/** No type at all was compared with Zoho to the end lately: the nightly run is missing. */
export const reconciliationOverdue = defineRule<z.output<typeof settings>>({
  name: 'reconciliation_overdue',
  title: 'No comparison with Zoho was completed lately',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { hours } }) => {
    if (!(await readSetting(tx, 'enabled'))) return []
    const loaded = (await measuredOnce(tx, certificateNumbers)).filter((age) => age.loaded_seconds !== null)
    const organizations = [...new Set(loaded.map((age) => age.organization_id))]
    return organizations.map((organization) => ({
      labels: { organization },
      ...above(newestOf(loaded.filter((age) => age.organization_id === organization)), hours * 3600),
    }))
  },
})

/** Before the first certificate, the time since the first load counts. */
function newestOf(ages: readonly CertificateAge[]): number {
  return Math.min(...ages.map((age) => age.issued_seconds ?? age.loaded_seconds ?? 0))
}
