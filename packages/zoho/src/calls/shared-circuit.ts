import {
  changeCircuit,
  classifyDatabaseError,
  readCircuit,
  type CircuitKey,
  type CircuitState,
  type Database,
  type StoredCircuit,
} from '@tds/db'
import type { Clock } from '@tds/runtime'
import { showState, tellChange } from './circuit-report.ts'

/** The circuit that all daemons share, as one of them knows it. */
export interface SharedCircuit {
  /** At most a second old. Throws TdsError `database_*`: without the row no call goes out. */
  look(): Promise<StoredCircuit>
  /** Runs a statement on the row and keeps what it returns; where it did nothing, looks anew. True where it did. */
  apply(statement: Promise<StoredCircuit | null>): Promise<boolean>
  /** What was seen holds no more. */
  forget(): void
  /** Changes the row, unless it has changed since it was seen like this. */
  change(before: StoredCircuit, to: NewState): Promise<void>
}

/** What the row is to become. */
export interface NewState {
  readonly state: CircuitState
  readonly reason: string
  /** Where a probe decides. */
  readonly probeId?: string
  /** For a quota: until there are calls again. */
  readonly waitMs?: number | null
}

/** What it needs of its surroundings. */
export interface SharedCircuitParts {
  readonly db: Database
  readonly key: CircuitKey
  readonly clock: Clock
  readonly random: () => number
}

const freshMs = 1000

/** Makes the view of one circuit. */
export function sharedCircuit({ db, key, clock, random }: SharedCircuitParts): SharedCircuit {
  let seen: { readonly circuit: StoredCircuit; readonly atMs: number } | null = null
  let reading: Promise<StoredCircuit> | null = null
  return { look, apply, change, forget: () => (seen = null) }

  async function look(): Promise<StoredCircuit> {
    const ageMs = seen === null ? Infinity : clock.monotonicMs() - seen.atMs
    if (seen !== null && ageMs < freshMs) return aged(seen.circuit, ageMs)
    reading ??= readCircuit(db, key).finally(() => {
      reading = null
    })
    return keep(await reading.catch(rethrow))
  }

  async function apply(statement: Promise<StoredCircuit | null>): Promise<boolean> {
    const circuit = await statement.catch(rethrow)
    if (circuit === null) seen = null
    else keep(circuit)
    return circuit !== null
  }

  async function change(before: StoredCircuit, to: NewState): Promise<void> {
    const failures = failuresAfter(before, to.state)
    const after = await changeCircuit(db, key, {
      epoch: before.epoch,
      to: to.state,
      reason: to.reason,
      failures,
      probeInMs: probeInMs(to, { failures, random }),
      probeId: to.probeId ?? null,
    }).catch(rethrow)
    if (after === null) {
      seen = null
      return
    }
    keep(after)
    tellChange(before, after)
  }

  function keep(circuit: StoredCircuit): StoredCircuit {
    seen = { circuit, atMs: clock.monotonicMs() }
    showState(circuit.state)
    return circuit
  }
}

/** Time goes on for what was seen. */
function aged(circuit: StoredCircuit, ageMs: number): StoredCircuit {
  const { probe_in_ms: dueMs, probe_out_ms: outMs } = circuit
  const leftMs = outMs === null ? null : outMs - ageMs
  return {
    ...circuit,
    in_state_ms: circuit.in_state_ms + ageMs,
    probe_in_ms: dueMs === null ? null : dueMs - ageMs,
    probe_out_ms: leftMs === null || leftMs <= 0 ? null : leftMs,
  }
}

/** One that held for a while begins anew; one that opens soon after it closed goes on counting. */
const soundMs = 120_000

function failuresAfter(before: StoredCircuit, to: CircuitState): number {
  if (to !== 'open' && to !== 'token_refused') return before.failures
  return before.state === 'closed' && before.in_state_ms > soundMs ? 1 : before.failures + 1
}

const shortestProbeMs = 5_000
const longestProbeMs = 60_000
const usualQuotaMs = 3_600_000
const longestQuotaMs = 24 * 3_600_000

/** Probes come more and more seldom, each at a moment of its own: between half of the interval and all of it. */
function probeInMs(
  { state, waitMs }: NewState,
  { failures, random }: { readonly failures: number; readonly random: () => number },
): number | null {
  if (state === 'closed' || state === 'half_open') return null
  if (state === 'quota_exhausted') {
    return Math.min(waitMs ?? usualQuotaMs, longestQuotaMs) + random() * shortestProbeMs
  }
  const interval = Math.min(longestProbeMs, 2 * shortestProbeMs * 2 ** Math.min(failures - 1, 10))
  return (interval / 2) * (1 + random())
}

function rethrow(error: unknown): never {
  throw classifyDatabaseError(error)
}
