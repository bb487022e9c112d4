import type { CircuitState, StoredCircuit } from '@tds/db'
import { childLogger, counter, gauge } from '@tds/runtime'

const log = childLogger('zoho:circuit')
const stateGauge = gauge({
  name: 'tds_zoho_circuit_state',
  help: 'The state of the circuit to Zoho as this process last saw it: 1 for the one that it is in, 0 for the others.',
  labelNames: ['state'],
})
const transitions = counter({
  name: 'tds_zoho_circuit_transitions_total',
  help: 'Changes of the circuit to Zoho that this process made, by the new state and the reason.',
  labelNames: ['to', 'reason'],
})
const probes = counter({
  name: 'tds_zoho_circuit_probes_total',
  help: 'Probes that this process sent while the circuit was open, by what they showed.',
  labelNames: ['outcome'],
})
const refusals = counter({
  name: 'tds_zoho_circuit_refusals_total',
  help: 'Calls that this process did not make because of the circuit, by its state.',
  labelNames: ['state'],
})

const states: readonly CircuitState[] = ['closed', 'open', 'half_open', 'quota_exhausted', 'token_refused']

/** Shows in the metrics what the row says. */
export function showState(state: CircuitState): void {
  for (const other of states) stateGauge.set({ state: other }, other === state ? 1 : 0)
}

/** Tells of a change that this process made; nobody else tells of it. */
export function tellChange(before: StoredCircuit, after: StoredCircuit): void {
  const facts = {
    organizationId: after.organization_id,
    from: before.state,
    to: after.state,
    reason: after.reason,
    epoch: after.epoch,
    failures: after.failures,
    nextProbeMs: after.probe_in_ms === null ? null : Math.round(after.probe_in_ms),
  }
  if (after.state === before.state) {
    log.info('still no calls to Zoho', facts)
    return
  }
  transitions.inc({ to: after.state, reason: after.reason })
  const isWorse = after.state !== 'closed' && after.state !== 'half_open'
  log[isWorse ? 'warn' : 'info']('the circuit to Zoho has changed', facts)
}

/** Counts a probe by what it showed. */
export function countProbe(outcome: 'passed' | 'failed' | 'given_back'): void {
  probes.inc({ outcome })
}

/** Counts a call that was not made. */
export function countRefusal(state: CircuitState): void {
  refusals.inc({ state })
}

/** Tells that what a call showed could not be written down. */
export function tellLoss(error: unknown): void {
  log.warn('what a call to Zoho showed could not be noted in the circuit', { error })
}
