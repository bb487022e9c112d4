import type { Queryable } from '../queryable.ts'

/**
 * Makes the row of a letter's newest event again, as it was given up, where the inbox has lost it: a letter owns its bytes.
 * It is not received anew, so no counter moves. Returns how many rows were made.
 *
 * Where the same delivery has come again since, its key is taken; the row then has a key of its own.
 */
export async function restoreEvents(tx: Queryable, letterIds: readonly string[]): Promise<number> {
  const { rowCount } = await tx.query(
    `INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type,
            idempotency_key, content_hash, source_version, raw_body, payload, headers, status, attempt_count, received_at,
            processed_at, error_code, error_message)
     SELECT d.event_id, d.organization_id, coalesce(d.source_type, 'zoho'), d.entity_type, d.source_entity_id,
            d.operation_type,
            CASE WHEN d.idempotency_key IS NULL
                   OR EXISTS (SELECT FROM tds_inbox_events k
                               WHERE k.organization_id = d.organization_id AND k.idempotency_key = d.idempotency_key)
                 THEN 'restored:' || d.event_id ELSE d.idempotency_key END,
            coalesce(d.content_hash, encode(sha256(d.raw_body), 'hex')), d.source_version, d.raw_body, d.payload,
            coalesce(d.headers, '{}'), 'dead_letter', d.total_attempts, d.received_at, d.last_seen_at, d.error_code,
            d.error_message
       FROM tds_dead_letter_queue d
      WHERE d.id = ANY($1::uuid[]) AND d.status = 'open' AND d.raw_body IS NOT NULL AND d.received_at IS NOT NULL
        AND NOT EXISTS (SELECT FROM tds_inbox_events e WHERE e.id = d.event_id)
      ORDER BY d.event_id
         ON CONFLICT DO NOTHING`,
    [letterIds],
  )
  return rowCount
}
