import type { UnusableReason } from '@tds/core'
import { TdsError } from '@tds/runtime'

/** Why an authentic delivery cannot be used: the contract's quarantine reasons. */
export type QuarantineReason =
  | UnusableReason
  | 'not_object'
  | 'no_id'
  | 'bad_time'
  | 'future'
  | 'content_type'
  | 'encoding'
  | 'organization'
  | 'batch'
  | 'unsupported'

/** What surrounds the record cannot be used, or names no one record. Of the body it repeats key names at most. */
export class UnusableEnvelope extends TdsError {
  override readonly name = 'UnusableEnvelope'
  readonly reason: QuarantineReason

  constructor(reason: QuarantineReason, o: { readonly problem: string; readonly nextStep: string }) {
    super(o.problem, { code: reason, disposition: 'reject', nextStep: o.nextStep })
    this.reason = reason
  }
}
