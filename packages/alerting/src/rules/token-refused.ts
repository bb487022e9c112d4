import { z } from 'zod'
import { tokenStandings } from '@tds/db'
import { defineRule } from './rule.ts'

const settings = z.strictObject({})

/** Our refresh token is refused, or a scope or a permission is missing for a type of record. */
export const tokenRefused = defineRule<z.output<typeof settings>>({
  name: 'token_refused',
  title: 'Zoho refuses a token, or a type to a good one',
  timing: { enabled: true, severity: 'error', forSeconds: 60, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx }) => {
    const standings = await tokenStandings(tx)
    // What was replaced by newer credentials matters no more.
    const [newest] = standings
    if (newest === undefined) return []
    const whole = { labels: {}, value: newest.faults, threshold: null, breaches: newest.state === 'refused' }
    const types = newest.refused_for.map((entity) => ({
      labels: { entity },
      value: null,
      threshold: null,
      breaches: true,
    }))
    return [whole, ...types]
  },
})
