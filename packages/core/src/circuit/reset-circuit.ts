import {
  changeCircuit,
  endTokenRests,
  insertOperatorActions,
  lockCircuit,
  transactOrRehearse,
  type CircuitState,
  type Database,
  type StoredCircuit,
} from '@tds/db'
import type { OperatorRequest } from '../quarantine/operator-work.ts'
import { zohoCircuitKey } from './circuit-key.ts'

/** What became of a circuit that a person closed. */
export interface CircuitReset {
  /** The state that it was in; null where nobody has ever called. */
  readonly from: CircuitState | null
  /** Why it was in it. */
  readonly reason: string | null
  /** False where it was closed anyway; then nothing was done, and nothing written down. */
  readonly changed: boolean
}

/**
 * Closes the circuit of an organisation at once, for every daemon, with a person's reason. Calls go out without a probe or
 * a ramp; if they fail, it opens again by itself. A probe that is out decides nothing any more. Where credentials were
 * refused, Zoho is asked for a token again at once.
 */
export async function resetCircuit(
  db: Database,
  organizationId: string,
  request: OperatorRequest & { readonly reason: string },
): Promise<CircuitReset> {
  const key = zohoCircuitKey(organizationId)
  return transactOrRehearse(db, request, async (tx) => {
    const before = await lockCircuit(tx, key)
    if (before === null || before.state === 'closed') {
      return { from: before?.state ?? null, reason: before?.reason ?? null, changed: false }
    }
    const { epoch } = before
    const closed = { to: 'closed', reason: 'reset', failures: 0, probeInMs: null, probeId: null } as const
    await changeCircuit(tx, key, { epoch, ...closed })
    // Without this the first call would hear of the old refusal, unasked, and the circuit would open again.
    if (before.state === 'token_refused') await endTokenRests(tx)
    await insertOperatorActions(tx, [
      {
        actor: request.actor,
        reason: request.reason,
        action: 'circuit.reset',
        subject: `${key.service} ${organizationId}`,
        facts: { ...factsOf(before), via: request.via },
      },
    ])
    return { from: before.state, reason: before.reason, changed: true }
  })
}

function factsOf({ state, reason, failures, down_since }: StoredCircuit): Record<string, unknown> {
  return { from: state, why: reason, failures, downSince: down_since }
}
