import type { CallOutcome } from './gate.ts'

/**
 * What a call says about the service. `passed`: it is there, whatever it said. `failed`: it is not. `nothing`: we broke the
 * call off, or it failed here.
 */
export type CircuitEvidence =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly reason: CircuitFault }
  | { readonly kind: 'quota'; readonly waitMs: number | null }
  | { readonly kind: 'nothing' }

/** The faults that count against the service. */
export type CircuitFault = TransportFault | 'server_error' | 'unreadable'

type TransportFault = 'timeout' | 'refused' | 'dns' | 'tls' | 'connection'

/**
 * Judges a call. Being asked to slow down, a refused token, a record that is not there or a request that is refused all
 * come from a service that works: only silence, a 5xx and a body that is none of Zoho's count against it.
 */
export function evidenceOf(outcome: CallOutcome): CircuitEvidence {
  if (outcome.kind === 'failed') return evidenceOfError(outcome.error.code, outcome.error.facts['reason'])
  const { fault, retryAfterMs } = outcome
  if (fault === 'outage') return { kind: 'failed', reason: 'server_error' }
  if (fault === 'unreadable') return { kind: 'failed', reason: 'unreadable' }
  return fault === 'quota' ? { kind: 'quota', waitMs: retryAfterMs } : { kind: 'passed' }
}

function evidenceOfError(code: string, reason: unknown): CircuitEvidence {
  // Too large an answer is an answer.
  if (code === 'response_too_large') return { kind: 'passed' }
  const fault = transportFaults.find((known) => known === reason)
  return code === 'transport' && fault !== undefined ? { kind: 'failed', reason: fault } : { kind: 'nothing' }
}

const transportFaults: readonly TransportFault[] = ['timeout', 'refused', 'dns', 'tls', 'connection']
