import type { CircuitState, StoredCircuit } from '@tds/db'
import { TdsError } from '@tds/runtime'

/** Why a call may not go out now, with the time after which asking again is of use. */
export function circuitError(
  { state, reason, changed_at: since }: StoredCircuit,
  retryAfterMs: number,
): TdsError {
  return new TdsError(messages[state], {
    ...texts(state),
    facts: { state, reason, since, retryAfterMs: Math.ceil(retryAfterMs) },
  })
}

const messages: Readonly<Record<CircuitState, string>> = {
  open: 'Zoho is down; only one call of all daemons tries now and then whether it is back.',
  half_open: 'Zoho has just come back; calls are let through step by step.',
  closed: 'Zoho has just come back; ask again.',
  quota_exhausted: 'Zoho allows no more calls today.',
  token_refused: 'Zoho refuses our credentials; no calls are made.',
}

function texts(state: CircuitState): Pick<TdsError, 'code' | 'disposition' | 'nextStep'> {
  if (state === 'quota_exhausted') return quotaExhausted
  return state === 'token_refused' ? tokenRefused : circuitOpen
}

const circuitOpen = {
  code: 'zoho_circuit_open',
  disposition: 'retry',
  nextStep:
    'It goes on by itself once Zoho answers again; tds circuit show says since when and why. If it stays, look at the status page of Zoho.',
} as const

const tokenRefused = {
  code: 'zoho_circuit_open',
  disposition: 'retry',
  nextStep:
    'Correct ZOHO_CLIENT_ID, ZOHO_CLIENT_SECRET, ZOHO_REFRESH_TOKEN or ZOHO_DATA_CENTER and restart the workers; it goes on by itself, or at once with tds circuit reset.',
} as const

const quotaExhausted = {
  code: 'zoho_quota_exhausted',
  disposition: 'retry',
  nextStep: 'It goes on by itself when the day ends in the time zone of the organisation; or buy calls.',
} as const
