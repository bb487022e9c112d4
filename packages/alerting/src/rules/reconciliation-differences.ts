import { z } from 'zod'
import { above } from './above.ts'
import { certificateNumbers } from './certificate-numbers.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  threshold: z.int().min(0).max(1_000_000).default(0).describe('differences that may be left'),
})

/** The latest comparison of a type left differences that repairing did not end. */
export const reconciliationDifferences = defineRule<z.output<typeof settings>>({
  name: 'reconciliation_differences',
  title: 'Differences from Zoho are not repaired',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { threshold } }) => {
    const ages = await measuredOnce(tx, certificateNumbers)
    return ages
      .filter((age) => age.issued_seconds !== null)
      .map((age) => ({
        labels: { organization: age.organization_id, entity: age.entity_type },
        ...above(age.left, threshold),
      }))
  },
})
