import type { CircuitKey } from '@tds/db'

/** The circuit of the calls to Zoho's API for one organisation. */
export function zohoCircuitKey(organizationId: string): CircuitKey {
  return { organizationId, service: 'zoho' }
}
