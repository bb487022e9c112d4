import { z } from 'zod'
import { certificateThresholds } from '@tds/core'
import { above } from './above.ts'
import { certificateNumbers } from './certificate-numbers.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  hours: z
    .int()
    .min(1)
    .max(2400)
    .default(certificateThresholds.hoursSinceCertificate.degraded)
    .describe('hours that a proof is good for'),
})

/** A type has had no certificate for too long, whatever kept its run. */
export const certificateOverdue = defineRule<z.output<typeof settings>>({
  name: 'certificate_overdue',
  title: 'A type was not proven equal to Zoho lately',
  timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { hours } }) => {
    const ages = await measuredOnce(tx, certificateNumbers)
    return ages.flatMap((age) => {
      const seconds = age.issued_seconds ?? age.loaded_seconds
      if (age.loaded_seconds === null || seconds === null) return []
      return [
        {
          labels: { organization: age.organization_id, entity: age.entity_type },
          ...above(seconds, hours * 3600),
        },
      ]
    })
  },
})
