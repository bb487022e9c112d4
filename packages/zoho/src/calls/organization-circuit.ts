import { randomUUID } from 'node:crypto'
import { zohoCircuitKey, type CallLane } from '@tds/core'
import { takeProbe, takeRampCall, type Database, type StoredCircuit } from '@tds/db'
import type { Clock } from '@tds/runtime'
import { circuitError } from './circuit-errors.ts'
import { probePass, rampPass, quietly } from './circuit-passes.ts'
import { countRefusal } from './circuit-report.ts'
import {
  isProbeDue,
  longestWaitMs,
  patienceOf,
  probeTtlMs,
  rampPatienceMs,
  waitFor,
} from './circuit-times.ts'
import { closedCircuit } from './closed-circuit.ts'
import type { CallGate, CallPass, CallRequest } from './gate.ts'
import { sharedCircuit } from './shared-circuit.ts'

/** The circuit of one organisation, as one daemon sees it. */
export interface OrganizationCircuit extends CallGate {
  /** Never throws. */
  noteRefusedCredentials(): Promise<void>
}

interface Parts {
  readonly db: Database
  readonly daemonId: string
  readonly clock: Clock
  readonly random: () => number
}

/** Makes it; reads nothing yet. */
export function organizationCircuit(
  { db, daemonId, clock, random }: Parts,
  organizationId: string,
): OrganizationCircuit {
  const key = zohoCircuitKey(organizationId)
  const shared = sharedCircuit({ db, key, clock, random })
  const parts = { db, key, shared }
  const closed = closedCircuit(shared, clock)
  return { enter, noteRefusedCredentials: () => quietly(noteRefusedCredentials) }

  async function enter(request: CallRequest): Promise<CallPass> {
    const untilMs = clock.monotonicMs() + rampPatienceMs
    for (;;) {
      request.signal.throwIfAborted()
      const pass = await admit(await shared.look(), request.lane)
      if (pass !== null) return pass
      const circuit = await shared.look()
      // It was closed in the moment in which we were refused.
      if (circuit.state === 'closed') continue
      const waitMs = waitFor(circuit, { lane: request.lane, random })
      if (circuit.state !== 'half_open' || clock.monotonicMs() + waitMs > untilMs) {
        countRefusal(circuit.state)
        throw circuitError(circuit, waitMs)
      }
      await clock.sleep(waitMs, request.signal)
    }
  }

  async function admit(circuit: StoredCircuit, lane: CallLane): Promise<CallPass | null> {
    if (circuit.state === 'closed') return closed.admit(circuit)
    if (circuit.state !== 'half_open') return isProbeDue(circuit, lane) ? admitProbe(circuit, lane) : null
    const isTaken = await shared.apply(takeRampCall(db, key, circuit.epoch))
    return isTaken ? rampPass(parts, circuit) : null
  }

  async function admitProbe(circuit: StoredCircuit, lane: CallLane): Promise<CallPass | null> {
    const probe = { circuit, probeId: randomUUID() }
    const wish = {
      epoch: circuit.epoch,
      probeId: probe.probeId,
      daemonId,
      patienceMs: patienceOf(lane),
      ttlMs: probeTtlMs,
      longestWaitMs: longestWaitMs(circuit.state),
    }
    return (await shared.apply(takeProbe(db, key, wish))) ? probePass(parts, probe) : null
  }

  async function noteRefusedCredentials(): Promise<void> {
    const circuit = await shared.look()
    // Everybody who wanted a token in this moment was refused one: that is one probe that failed, not many.
    if (circuit.state === 'token_refused' && (circuit.probe_in_ms ?? 0) > 0) return
    await shared.change(circuit, { state: 'token_refused', reason: 'credentials' })
  }
}
