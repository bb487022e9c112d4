import type { Queryable } from '../queryable.ts'

/** An inbox event as processing needs it; times as Postgres prints them. */
export interface LockedEvent {
  readonly id: string
  readonly organization_id: string
  readonly source_type: string
  readonly entity_type: string
  readonly source_entity_id: string | null
  readonly operation_type: string
  readonly source_version: string | null
  readonly payload: string | null
  readonly status: string
  readonly attempt_count: number
  readonly received_at: string
  readonly replay_of: string | null
  readonly sync_run_id: string | null
  readonly request_id: string | null
  /** Re-reads already answered for it. */
  readonly reads: number
}

const columns = `id, organization_id, source_type, entity_type, source_entity_id, operation_type, source_version, payload,
            status, attempt_count, received_at, replay_of, sync_run_id, request_id, reads`

/**
 * Takes the events that still wait to be processed and that nobody else holds, oldest first.
 * Skipping the held ones is safe: whoever holds them finishes them, or dies and leaves them to the sweeper.
 */
export async function lockWaitingEvents(tx: Queryable, ids: readonly string[]): Promise<LockedEvent[]> {
  const { rows } = await tx.query<LockedEvent>(
    `SELECT ${columns} FROM tds_inbox_events
      WHERE id = ANY($1::uuid[]) AND status IN ('pending', 'retry') AND NOT awaiting_read
      ORDER BY received_at, id
        FOR UPDATE SKIP LOCKED`,
    [ids],
    { name: 'lock_waiting_events' },
  )
  return rows
}

/**
 * Takes events whatever their state, oldest first, and waits for whoever holds one. Where letters are locked too, events come
 * first, as they do for whoever gives an event up.
 */
export async function lockEvents(tx: Queryable, ids: readonly string[]): Promise<LockedEvent[]> {
  const { rows } = await tx.query<LockedEvent>(
    `SELECT ${columns} FROM tds_inbox_events WHERE id = ANY($1::uuid[]) ORDER BY received_at, id FOR UPDATE`,
    [ids],
  )
  return rows
}

/** Of these events the ones that wait to be processed, whoever holds them. */
export async function waitingEvents(tx: Queryable, ids: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT id FROM tds_inbox_events
      WHERE id = ANY($1::uuid[]) AND status IN ('pending', 'retry') AND NOT awaiting_read`,
    [ids],
  )
  return rows.map((row) => row.id)
}

/** Takes the events of a record that a read sent at `sentAt` answers: those received before it, oldest first. */
export async function lockEventsAwaitingRead(
  tx: Queryable,
  record: { readonly organizationId: string; readonly entityType: string; readonly zohoId: string },
  sentAt: string,
): Promise<LockedEvent[]> {
  const { rows } = await tx.query<LockedEvent>(
    `SELECT ${columns} FROM tds_inbox_events
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND source_entity_id = $3 AND awaiting_read
        AND received_at <= $4::timestamptz
      ORDER BY received_at, id
        FOR UPDATE`,
    [record.organizationId, record.entityType, record.zohoId, sentAt],
    { name: 'lock_events_awaiting_read' },
  )
  return rows
}
