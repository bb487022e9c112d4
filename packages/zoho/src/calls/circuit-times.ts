import { callLanes, type CallLane } from '@tds/core'
import type { CircuitState, StoredCircuit } from '@tds/db'

/** How long one who asks waits for his turn while calls are let through step by step. */
export const rampPatienceMs = 10_000
const rampWaitMs = 1_000
/** 1, 2, 4, 8 calls a second; one that goes well then closes the circuit. */
export const lastRampStep = 3

/** How long a probe may be out before its sender counts as dead: waiting for the call budget and for an answer takes less. */
export const probeTtlMs = 45_000
/** When to ask again while a probe is out. */
const probeUsuallyMs = 2_000
const spreadMs = 1_000

/** Urgent calls are the better probes: what is behind them cannot wait. Others take one that nobody has taken for a while. */
export function patienceOf(lane: CallLane): number {
  return callLanes.indexOf(lane) <= callLanes.indexOf('repair') ? 0 : 5_000
}

/** Longer than any wait for a probe in this state: one that is longer was left over by a clock set back. */
export function longestWaitMs(state: CircuitState): number {
  return state === 'quota_exhausted' ? 25 * 3_600_000 : 120_000
}

/** Whether it is worth asking the row for the probe. */
export function isProbeDue(circuit: StoredCircuit, lane: CallLane): boolean {
  const { state, probe_in_ms: dueMs, probe_out_ms: outMs } = circuit
  if (dueMs === null || (outMs !== null && outMs <= 2 * probeTtlMs)) return false
  return dueMs + patienceOf(lane) <= 0 || dueMs > longestWaitMs(state)
}

/** How long to wait before asking again, for each a little different. */
export function waitFor(
  { state, probe_in_ms: dueMs, probe_out_ms: outMs }: StoredCircuit,
  { lane, random }: { readonly lane: CallLane; readonly random: () => number },
): number {
  if (state === 'half_open') return rampWaitMs * (0.5 + random() / 2)
  const dueInMs = outMs === null ? (dueMs ?? 0) + patienceOf(lane) : probeUsuallyMs
  return Math.max(dueInMs, 0) + spreadMs * random()
}
