import type { Queryable } from '../queryable.ts'

/** An event that a person discarded and that came again afterwards. */
export interface RedeliveredEvent {
  readonly id: string
  readonly received_at: string
  readonly status: string
  readonly error_code: string | null
  readonly error_message: string | null
}

/**
 * Takes the unusable deliveries that were delivered again after a person had discarded or corrected them. The intake counts
 * such a repeat on the old row, because its bytes are the same; but what a person decided was about the one before.
 */
export async function lockRedeliveredEvents(tx: Queryable, limit: number): Promise<RedeliveredEvent[]> {
  const { rows } = await tx.query<RedeliveredEvent>(
    `SELECT id, received_at, status, error_code, error_message FROM tds_inbox_events
      WHERE status = 'discarded' AND last_duplicate_at > processed_at AND payload IS NULL
      ORDER BY last_duplicate_at
      LIMIT $1
        FOR UPDATE SKIP LOCKED`,
    [limit],
  )
  return rows
}
