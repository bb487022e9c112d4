import {
  classifyDatabaseError,
  passRampCall,
  returnProbe,
  returnRampCall,
  type CircuitKey,
  type Database,
  type StoredCircuit,
} from '@tds/db'
import { evidenceOf } from './circuit-evidence.ts'
import { countProbe, tellLoss } from './circuit-report.ts'
import { lastRampStep } from './circuit-times.ts'
import type { CallOutcome, CallPass } from './gate.ts'
import type { SharedCircuit } from './shared-circuit.ts'

/** What a pass works on. */
export interface PassParts {
  readonly db: Database
  readonly key: CircuitKey
  readonly shared: SharedCircuit
}

/** A probe that was taken, and the circuit as it was before. */
export interface TakenProbe {
  readonly circuit: StoredCircuit
  readonly probeId: string
}

/** The right to the one call that finds out. */
export function probePass(parts: PassParts, probe: TakenProbe): CallPass {
  return passOf({
    finish: (outcome) => finishProbe(parts, probe, outcome),
    release: () => giveBack(parts, probe),
  })
}

async function finishProbe(parts: PassParts, probe: TakenProbe, outcome: CallOutcome): Promise<void> {
  const { shared } = parts
  const { circuit, probeId } = probe
  const evidence = evidenceOf(outcome)
  if (evidence.kind === 'nothing') return giveBack(parts, probe)
  countProbe(evidence.kind === 'passed' ? 'passed' : 'failed')
  switch (evidence.kind) {
    case 'passed': {
      // Only what was down has to be spared.
      const state = circuit.state === 'open' ? 'half_open' : 'closed'
      return shared.change(circuit, { state, reason: 'probe_passed', probeId })
    }
    case 'failed':
      return shared.change(circuit, { state: 'open', reason: evidence.reason, probeId })
    case 'quota': {
      const { waitMs } = evidence
      return shared.change(circuit, { state: 'quota_exhausted', reason: 'quota', probeId, waitMs })
    }
  }
}

/** Without a result: the next who asks may send another. */
async function giveBack({ db, key, shared }: PassParts, { probeId }: TakenProbe): Promise<void> {
  countProbe('given_back')
  await returnProbe(db, key, probeId)
  shared.forget()
}

/** The right to one of the calls that a half-open circuit lets through. */
export function rampPass(parts: PassParts, circuit: StoredCircuit): CallPass {
  return passOf({
    finish: (outcome) => finishRampCall(parts, circuit, outcome),
    release: () => returnRampCall(parts.db, parts.key, circuit.epoch),
  })
}

async function finishRampCall(
  { db, key, shared }: PassParts,
  circuit: StoredCircuit,
  outcome: CallOutcome,
): Promise<void> {
  const evidence = evidenceOf(outcome)
  switch (evidence.kind) {
    case 'passed': {
      if (!(await shared.apply(passRampCall(db, key, circuit.epoch)))) return
      const now = await shared.look()
      if (now.epoch !== circuit.epoch || now.ramp_step < lastRampStep) return
      return shared.change(now, { state: 'closed', reason: 'ramp_passed' })
    }
    case 'failed':
      return shared.change(circuit, { state: 'open', reason: evidence.reason })
    case 'quota':
      return shared.change(circuit, { state: 'quota_exhausted', reason: 'quota', waitMs: evidence.waitMs })
    case 'nothing':
  }
}

/** A pass whose end is noted as well as can be: the call itself has its answer whatever becomes of the note. */
export function passOf(o: {
  readonly finish: (outcome: CallOutcome) => Promise<void>
  readonly release?: () => Promise<void>
}): CallPass {
  return {
    finish: (outcome) => quietly(() => o.finish(outcome)),
    release: () => quietly(async () => o.release?.()),
  }
}

/** Notes something in the circuit; where that fails, tells so and goes on. */
export async function quietly(note: () => Promise<void>): Promise<void> {
  try {
    await note()
  } catch (error) {
    tellLoss(classifyDatabaseError(error))
  }
}
