import type { ClaimedRead, Database, Mover, OwedReadKey, ReadReason } from '@tds/db'
import type { Queue } from '@tds/queue'
import type { EntityDefinition } from '../entities/define-entity.ts'
import type { RecordSource } from './record-source.ts'

/** What reading needs to know of its surroundings. */
export interface ReadingParts {
  readonly db: Database
  readonly queue: Pick<Queue, 'send'>
  readonly source: RecordSource
  readonly mover: Mover
  /** Aborts when the daemon begins to stop: then nobody waits any longer for the right to call. */
  readonly stopping?: AbortSignal
}

/**
 * What one owed read came to: `not-due` when nothing was owed or another daemon has it, `held` when the source may not
 * be called yet or the record was read too often, `deletion_held` when the fuse keeps the record, `postponed` when the call failed, `alone` when an answer about many
 * did not settle it.
 */
export type ReadOutcome =
  | 'not-due'
  | 'held'
  | 'deletion_held'
  | 'postponed'
  | 'alone'
  | 'applied'
  | 'unchanged'
  | 'stale'
  | 'waiting'
  | 'dead_letter'

/** What became of a read, and why it was made; `waitMs` says when the source may be called again, where it refused. */
export interface ReadReport {
  readonly outcome: ReadOutcome
  readonly reason: ReadReason | null
  readonly waitMs?: number
}

/** A read in this daemon's hands. */
export interface ReadInHand {
  readonly key: OwedReadKey
  readonly entity: EntityDefinition
  readonly claim: ClaimedRead
  /** When the claim was taken, by this process's own steady clock. */
  readonly startedAt: number
  readonly signal: AbortSignal
}

/** Seconds for which a read is this daemon's; its call ends before. */
export const claimSeconds = 25
