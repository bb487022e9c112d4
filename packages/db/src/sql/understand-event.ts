import type { Queryable } from '../queryable.ts'

/** What was understood of an event whose body could not be used before. */
export interface EventUnderstanding {
  readonly operation: string
  readonly sourceEntityId: string
  readonly sourceVersion: Date | null
  /** JSON text. */
  readonly payload: string
  readonly contentHash: string
  readonly flags: readonly string[]
}

/**
 * Writes into an event what was understood of it. Its identity stays: the key says which bytes came, and the same bytes
 * coming again are the same delivery.
 */
export async function understandEvent(
  tx: Queryable,
  id: string,
  understood: EventUnderstanding,
): Promise<void> {
  await tx.query(
    `UPDATE tds_inbox_events
        SET operation_type = $2::tds_operation_type, source_entity_id = $3, source_version = $4::timestamptz,
            payload = $5::jsonb, content_hash = $6, flags = $7::text[]
      WHERE id = $1::uuid`,
    [
      id,
      understood.operation,
      understood.sourceEntityId,
      understood.sourceVersion?.toISOString() ?? null,
      understood.payload,
      understood.contentHash,
      understood.flags,
    ],
  )
}

/** Says of an event whose edited copy it is. */
export async function markReplay(tx: Queryable, id: string, replayOf: string): Promise<void> {
  await tx.query('UPDATE tds_inbox_events SET replay_of = $2::uuid WHERE id = $1::uuid', [id, replayOf])
}
