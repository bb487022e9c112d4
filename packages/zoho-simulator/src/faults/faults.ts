import { bodyFaults } from './bodies.ts'
import { connectionFaults } from './connections.ts'
import type { Fault } from './fault.ts'
import { listFaults } from './lists.ts'
import { pacingFaults } from './pacing.ts'
import { pageFaults } from './pages.ts'
import { refusalFaults } from './refusals.ts'

/** Every fault by its name. A new one belongs to its family's file. */
const known = {
  ...pageFaults,
  ...refusalFaults,
  ...connectionFaults,
  ...pacingFaults,
  ...bodyFaults,
  ...listFaults,
}

/** The name of a fault. */
export type FaultName = keyof typeof known

/** Every fault by its name. */
export const faults: Readonly<Record<FaultName, Fault>> = known

/** The names of all faults. */
export const faultNames = Object.keys(known) as FaultName[]
