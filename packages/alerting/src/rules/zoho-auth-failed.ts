import { z } from 'zod'
import { listCircuits } from '@tds/db'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({})

/** Zoho refuses our credentials, so nothing is read from it until somebody corrects them. */
export const zohoAuthFailed = defineRule<z.output<typeof settings>>({
  name: 'zoho_auth_failed',
  title: 'Zoho refuses our credentials',
  timing: { enabled: true, severity: 'critical', forSeconds: 0, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx }) => {
    const circuits = await measuredOnce(tx, listCircuits)
    return circuits.map(({ organization_id: organization, state, in_state_ms: ms }) => ({
      labels: { organization },
      value: null,
      threshold: null,
      breaches: state === 'token_refused',
      facts: state === 'token_refused' ? { refusedSeconds: Math.round(ms / 1000) } : {},
    }))
  },
})
