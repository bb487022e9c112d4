import type { Queryable } from '../queryable.ts'

/** A call that was admitted. */
export interface CallKey {
  readonly organizationId: string
  readonly id: string
}

/** What is noted of a call's end. */
export interface CallEnd {
  readonly status: number | null
  readonly code: string | null
  /** `rate` and `quota` make everybody wait. */
  readonly fault: string | null
  readonly retryAfterMs: number | null
  /** What Zoho said about the day; null where it said nothing. */
  readonly limit: number | null
  readonly remaining: number | null
  readonly resetSeconds: number | null
}

/** Notes that a call has ended, and with what. A second end changes nothing. */
export async function finishCall(db: Queryable, call: CallKey, end: CallEnd): Promise<void> {
  await db.query(
    'SELECT tds_finish_call($1, $2::uuid, $3::jsonb)',
    [call.organizationId, call.id, JSON.stringify(end)],
    { name: 'finish_call' },
  )
}
