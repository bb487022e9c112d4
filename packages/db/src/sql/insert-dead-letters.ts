import type { Queryable } from '../queryable.ts'

/** Why an event was given up on. */
export type DeadLetterClass = 'data' | 'mapping' | 'source' | 'configuration' | 'exhausted' | 'killer'

/** An event to give up on; its bytes are copied from the inbox, which may be pruned one day. */
export interface DeadLetterWrite {
  readonly event_id: string
  readonly class: DeadLetterClass
  /** Groups dead letters of one cause. */
  readonly fingerprint: string
  readonly failure_reason: string
  readonly error_code: string
  readonly error_message: string
  readonly total_attempts: number
}

/**
 * Keeps the events as dead letters, in the transaction that gives up on them. One open dead letter per record and
 * fingerprint: a repetition counts on it, and the newest event's bytes are the ones it owns.
 */
export async function insertDeadLetters(tx: Queryable, letters: readonly DeadLetterWrite[]): Promise<void> {
  for (const letter of letters) {
    await tx.query(
      `INSERT INTO tds_dead_letter_queue AS d (id, organization_id, entity_type, source_entity_id, event_id, event_ids,
              class, fingerprint, failure_reason, error_code, error_message, total_attempts, operation_type,
              source_version, raw_body, payload, headers, received_at, source_type, idempotency_key, content_hash)
       SELECT gen_random_uuid(), e.organization_id, e.entity_type, e.source_entity_id, e.id, ARRAY[e.id],
              $2::tds_dead_letter_class, $3, $4, $5, $6, $7, e.operation_type, e.source_version, e.raw_body, e.payload,
              e.headers, e.received_at, e.source_type, e.idempotency_key, e.content_hash
         FROM tds_inbox_events e WHERE e.id = $1::uuid
           ON CONFLICT (organization_id, entity_type, (coalesce(source_entity_id, '')), fingerprint) WHERE status = 'open'
           DO UPDATE SET occurrences = d.occurrences + 1,
              event_ids = CASE WHEN excluded.event_id = ANY(d.event_ids) THEN d.event_ids
                               ELSE d.event_ids || excluded.event_id END,
              failure_reason = excluded.failure_reason, error_message = excluded.error_message,
              total_attempts = excluded.total_attempts, last_seen_at = tds_now(),
              (event_id, operation_type, source_version, raw_body, payload, headers, received_at, source_type,
               idempotency_key, content_hash) = (
                SELECT n.* FROM (
                  VALUES (excluded.event_id, excluded.operation_type, excluded.source_version, excluded.raw_body,
                          excluded.payload, excluded.headers, excluded.received_at, excluded.source_type,
                          excluded.idempotency_key, excluded.content_hash),
                         (d.event_id, d.operation_type, d.source_version, d.raw_body, d.payload, d.headers, d.received_at,
                          d.source_type, d.idempotency_key, d.content_hash)
                ) n (event_id, operation_type, source_version, raw_body, payload, headers, received_at, source_type,
                     idempotency_key, content_hash)
                 ORDER BY n.received_at DESC LIMIT 1)`,
      [
        letter.event_id,
        letter.class,
        letter.fingerprint,
        letter.failure_reason,
        letter.error_code,
        letter.error_message,
        letter.total_attempts,
      ],
      { name: 'insert_dead_letter' },
    )
  }
}
