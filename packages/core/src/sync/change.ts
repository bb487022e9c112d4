import type { MappedRecord } from '../entities/map-record.ts'
import type { Instant } from './instant.ts'

/** Why a change came; the audit trail keeps it (enum `tds_change_cause`). */
export type ChangeCause =
  'webhook' | 'incremental' | 'backfill' | 'drift' | 'reconciliation' | 'correction' | 'replay' | 'manual'

/**
 * How the source spoke: its answer for one record, a row of its list, a webhook, or a complete list without the record.
 * `stored` is no speech of the source's but the body that the row keeps, read again by today's mapping.
 */
export type ChangeOrigin = 'detail' | 'list' | 'webhook' | 'scan' | 'stored'

/** Something that the source said about one record, by whatever way it came. */
export interface IncomingChange {
  readonly origin: ChangeOrigin
  readonly says: Saying
  readonly cause: ChangeCause
  /** When the source was looked at: the database's time just before the read was sent, or when the webhook was received. */
  readonly lookedAt: Instant
  /** Present on the second of two direct reads that agree with each other and not with the row. */
  readonly correction?: CorrectedRow
}

/** The record as it stood at the first of two agreeing reads; a correction applies only while it still stands so. */
export interface CorrectedRow {
  readonly revision: number
  readonly deletedAt: Instant | null
}

/** Content, a webhook's claim that it was deleted, or a read's answer that it is not there. */
export type Saying =
  | { readonly kind: 'content'; readonly record: MappedRecord }
  | { readonly kind: 'deleted' }
  | { readonly kind: 'not-there' }

/** The outcomes that change a row; each has one audit entry. */
export type AppliedOutcome = 'created' | 'updated' | 'deleted' | 'restored'

/** What became of an incoming change. `reread` means that only the source can decide. */
export type Decision =
  | { readonly outcome: AppliedOutcome; readonly cause: ChangeCause }
  | {
      readonly outcome: 'unchanged'
      /** Version, time of reading or completeness move forward. */ readonly advances: boolean
    }
  | {
      readonly outcome: 'stale'
      readonly why: string
      /** Only the look was too early, not the content too old: what is stored meanwhile may be older than the source. */
      readonly lookAgain: boolean
    }
  | { readonly outcome: 'reread'; readonly why: string }
