import { listCircuits, type CircuitState, type Database, type StoredCircuit } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'

/** Tells whether Zoho may be called, and why not; the worst organisation speaks for all. */
export function circuitCheck(db: Database): HealthCheck {
  return { name: 'zoho-circuit', check: async () => judge(await listCircuits(db)) }
}

/** The worst first. */
const order: readonly CircuitState[] = ['token_refused', 'open', 'quota_exhausted', 'half_open', 'closed']

function judge(circuits: readonly StoredCircuit[]): HealthResult {
  const worst = order.flatMap((state) => circuits.filter((circuit) => circuit.state === state))[0]
  if (worst === undefined) return { status: 'healthy', detail: 'Zoho was not called yet.' }
  const { state, reason, down_since: downSince, failures } = worst
  const facts = {
    state,
    reason,
    since: worst.changed_at,
    downSince,
    failures,
    opened: Number(worst.opened),
    probes: Number(worst.probes),
  }
  const isLettingThrough = state === 'closed' || state === 'half_open'
  return { status: isLettingThrough ? 'healthy' : 'degraded', detail: details[state](worst), facts }
}

const details: Readonly<Record<CircuitState, (circuit: StoredCircuit) => string>> = {
  closed: () => 'Calls to Zoho go out.',
  half_open: ({ ramp_step: step }) =>
    `Zoho answers again; calls are let through step by step, ${String(2 ** step)} a second now.`,
  open: (circuit) =>
    `Zoho is down (${circuit.reason}) for ${secondsIn(circuit)} s; the next probe ${whenDue(circuit)}.`,
  quota_exhausted: (circuit) =>
    `Zoho allows no more calls today; the next one is tried ${whenDue(circuit)}. It was said ${secondsIn(circuit)} s ago.`,
  token_refused: (circuit) =>
    `Zoho has refused our credentials for ${secondsIn(circuit)} s; the next probe ${whenDue(circuit)}. Somebody must correct them.`,
}

function secondsIn({ in_state_ms: ms }: StoredCircuit): string {
  return String(Math.round(ms / 1000))
}

function whenDue({ probe_in_ms: dueMs, probe_out_ms: outMs }: StoredCircuit): string {
  if (outMs !== null) return 'is out now'
  const seconds = Math.ceil((dueMs ?? 0) / 1000)
  return seconds > 0 ? `in ${String(seconds)} s` : 'is due, and goes out with the next call'
}
