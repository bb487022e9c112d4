import type { StoredCircuit } from '@tds/db'
import { breaker, type Clock } from '@tds/runtime'
import { evidenceOf, type CircuitFault } from './circuit-evidence.ts'
import { passOf } from './circuit-passes.ts'
import type { CallOutcome, CallPass } from './gate.ts'
import type { SharedCircuit } from './shared-circuit.ts'

/** A closed circuit: every call goes out, and is counted. */
export interface ClosedCircuit {
  /** Null when it is closed no more. */
  admit(circuit: StoredCircuit): Promise<CallPass | null>
}

/** Five calls of a minute say something; more failures than successes among them say that the service is down. */
const trippingPoint = { windowMs: 60_000, volumeThreshold: 5, errorThresholdPercentage: 50 }

/** Makes the counting of one daemon. */
export function closedCircuit(shared: SharedCircuit, clock: Clock): ClosedCircuit {
  const calls = breaker({ name: 'zoho', clock, ...trippingPoint })
  /** What was counted belongs to one time of being closed; the next begins with nothing seen. */
  let countedIn = ''
  let lastFault: CircuitFault = 'server_error'
  return { admit }

  async function admit(circuit: StoredCircuit): Promise<CallPass | null> {
    const { epoch } = circuit
    if (countedIn !== epoch) {
      calls.reset()
      countedIn = epoch
    }
    if (!calls.tripped) return passOf({ finish: (outcome) => finish(epoch, outcome) })
    // The row could not be told when it tripped.
    await shared.change(circuit, { state: 'open', reason: lastFault })
    return null
  }

  async function finish(epoch: string, outcome: CallOutcome): Promise<void> {
    const evidence = evidenceOf(outcome)
    if (evidence.kind === 'nothing' || epoch !== countedIn) return
    if (evidence.kind === 'failed') lastFault = evidence.reason
    if (evidence.kind === 'quota') {
      await change(epoch, { state: 'quota_exhausted', reason: 'quota', waitMs: evidence.waitMs })
      return
    }
    await calls.note(evidence.kind === 'failed' ? 'failed' : 'succeeded')
    if (calls.tripped) await change(epoch, { state: 'open', reason: lastFault })
  }

  async function change(epoch: string, to: Parameters<SharedCircuit['change']>[1]): Promise<void> {
    const circuit = await shared.look()
    if (circuit.epoch === epoch) await shared.change(circuit, to)
  }
}
