import type { SwitchChanges } from '@tds/zoho-simulator'

/**
 * What the simulated Zoho of the demo, of `pnpm dev` and of the end-to-end tests does not hold against anybody. Each
 * of them makes the changes of weeks within a minute, and starts more daemons than an installation has: the real
 * limits would only make it wait. Tests of the limits themselves leave these out.
 */
export const openLimits: SwitchChanges = {
  callsPerMinute: null,
  callsInFlight: null,
  dailyCalls: 1_000_000,
  tokensPerTenMinutes: null,
}
