import { z } from 'zod'
import { listCircuits, type StoredCircuit } from '@tds/db'
import { above } from './above.ts'
import { measuredOnce } from './measured-once.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  openSeconds: z.int().min(1).max(86_400).default(300).describe('seconds that Zoho may be down'),
})

/** The circuit to Zoho has been open for a while: Zoho does not answer, or answers with errors. */
export const breakerOpen = defineRule<z.output<typeof settings>>({
  name: 'breaker_open',
  title: 'Zoho is down',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 60 },
  settings,
  noData: 'clear',
  measure: async ({ tx, now, settings: { openSeconds } }) => {
    const circuits = await measuredOnce(tx, listCircuits)
    return circuits.map((circuit) => ({
      labels: { organization: circuit.organization_id },
      ...above(downSeconds(circuit, now), openSeconds),
      facts: { state: circuit.state, failures: circuit.failures },
    }))
  },
})

/** Until Zoho answers well again, the tries between included; a refused token or a used up day is another matter. */
function downSeconds({ state, down_since: since }: StoredCircuit, now: Date): number {
  if (since === null || (state !== 'open' && state !== 'half_open')) return 0
  return Math.max(0, (now.getTime() - new Date(since).getTime()) / 1000)
}
