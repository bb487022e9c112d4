import type { Database } from '@tds/db'
import { systemClock, TdsError, type Clock } from '@tds/runtime'
import type { TokenSource } from '../client/token.ts'
import type { CallGate } from './gate.ts'
import { organizationCircuit, type OrganizationCircuit } from './organization-circuit.ts'

/** What the circuit needs. */
export interface ZohoCircuitOptions {
  readonly db: Database
  readonly daemonId: string
  /** Whose credentials the tokens are made from. */
  readonly organizationId: string
  readonly clock?: Clock
  readonly random?: () => number
}

/** The circuit breaker around every call to Zoho, and what it learns of tokens. */
export interface ZohoCircuit extends CallGate {
  /** The same tokens; the circuit is told when our credentials are refused. */
  watchTokens(tokens: TokenSource): TokenSource
}

/**
 * One circuit for all daemons. Each counts the calls it made itself; when too many have failed it asks the row in Postgres
 * to open, and the row decides. While it is open one probe goes out for all of them, a real call of whoever asks next; when
 * that went well, calls are let through in growing numbers, and when those go well, all.
 *
 * `enter` throws TdsError `zoho_circuit_open`, `zoho_quota_exhausted` or `database_*` (retry).
 */
export function zohoCircuit(options: ZohoCircuitOptions): ZohoCircuit {
  const parts = { clock: systemClock, random: Math.random, ...options }
  const circuits = new Map<string, OrganizationCircuit>()
  const circuitOf = (organizationId: string): OrganizationCircuit => {
    const circuit = circuits.get(organizationId) ?? organizationCircuit(parts, organizationId)
    circuits.set(organizationId, circuit)
    return circuit
  }
  const watched = async <T>(asking: Promise<T>): Promise<T> => {
    try {
      return await asking
    } catch (error) {
      if (isCredentialsRefused(error)) await circuitOf(options.organizationId).noteRefusedCredentials()
      throw error
    }
  }
  return {
    enter: (request) => circuitOf(request.organizationId).enter(request),
    watchTokens: (tokens) => ({
      ...tokens,
      current: () => watched(tokens.current()),
      renewed: (...asked) => watched(tokens.renewed(...asked)),
    }),
  }
}

/** The token endpoint names what it refuses; a token that it has just issued and that the API refuses is about a scope. */
function isCredentialsRefused(error: unknown): boolean {
  return (
    error instanceof TdsError && error.code === 'zoho_auth' && typeof error.facts['zohoError'] === 'string'
  )
}
