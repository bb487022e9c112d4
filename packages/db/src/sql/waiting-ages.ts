import type { Queryable } from '../queryable.ts'

/** For how long events have waited, in seconds; null where none does. */
export interface WaitingAges {
  readonly oldest: number | null
  /** Of those that wait on purpose, until Zoho allows calls again. */
  readonly oldest_on_quota: number | null
}

/**
 * Tells the age of the oldest event that is not final. Left out is what the deletion fuse holds, and, told apart, what needs
 * a read of an organisation whose calls are used up.
 */
export async function waitingAges(
  db: Queryable,
  organizationsOnQuota: readonly string[],
): Promise<WaitingAges> {
  const { rows } = await db.query<WaitingAges>(
    `SELECT (SELECT extract(epoch FROM tds_now() - min(e.received_at))::float8 FROM tds_inbox_events e
              WHERE e.status IN ('pending', 'processing', 'retry')
                AND NOT (e.awaiting_read
                         AND (e.organization_id = ANY ($1::text[])
                              OR EXISTS (SELECT FROM tds_held_deletions h
                                          WHERE h.organization_id = e.organization_id AND h.entity_type = e.entity_type
                                            AND h.zoho_id = e.source_entity_id AND h.released_at IS NULL)))) AS oldest,
            (SELECT extract(epoch FROM tds_now() - min(e.received_at))::float8 FROM tds_inbox_events e
              WHERE e.status IN ('pending', 'processing', 'retry') AND e.awaiting_read
                AND e.organization_id = ANY ($1::text[])) AS oldest_on_quota`,
    [organizationsOnQuota],
    { name: 'waiting_ages' },
  )
  return rows[0] ?? { oldest: null, oldest_on_quota: null }
}
