import { z } from 'zod'
import { listFuses } from '@tds/db'
import { defineRule } from './rule.ts'

const settings = z.strictObject({})

/** Zoho says of unusually many records that they are gone; none is deleted until a person has looked. */
export const deletionFuse = defineRule<z.output<typeof settings>>({
  name: 'deletion_fuse',
  title: 'Deletions are held',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 0 },
  settings,
  noData: 'clear',
  measure: async ({ tx }) => {
    const fuses = await listFuses(tx)
    return fuses.map(
      ({ organization_id: organization, entity_type: entity, state, held, blown_seconds: seconds }) => ({
        labels: { organization, entity },
        value: held,
        threshold: 0,
        breaches: state === 'blown',
        facts: seconds === null ? {} : { heldSeconds: Math.round(seconds) },
      }),
    )
  },
})
