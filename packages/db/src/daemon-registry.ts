import { randomUUID } from 'node:crypto'

import type { Queryable } from './queryable.ts'
import { recordHeartbeat, recordStop } from './sql/daemons.ts'

/** What identifies a daemon to people. */
export interface DaemonIdentity {
  name: string
  version: string
  host: string
  pid: number
  /** What its pools may grow to. */
  connections?: number | undefined
}

/** One start of a daemon, as `tds_daemons` knows it. */
export interface DaemonRegistration {
  /** Of this one start; whatever it claims or counts carries it. */
  readonly id: string
  register(): Promise<void>
  /** Proof of life; also brings back a row that was lost. */
  beat(facts?: Readonly<Record<string, unknown>>): Promise<void>
  /** Says goodbye, so that its silence is not taken for a death. */
  deregister(): Promise<void>
}

/** Makes a daemon known in the database, and keeps it known. */
export function daemonRegistry(db: Queryable, identity: DaemonIdentity): DaemonRegistration {
  const { connections, ...who } = identity
  const daemon = { id: randomUUID(), ...who }
  const always = connections === undefined ? {} : { connections }
  return {
    id: daemon.id,
    register: async () => recordHeartbeat(db, daemon, always),
    beat: async (facts = {}) => recordHeartbeat(db, daemon, { ...always, ...facts }),
    deregister: async () => recordStop(db, daemon.id),
  }
}
