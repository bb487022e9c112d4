import { patientReasons, type OwedReadKey, type PatientKind, type Queryable } from '@tds/db'

/** Events that may be processed now, in the order of their receipt. */
export async function dueEvents(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM tds_inbox_events
      WHERE status IN ('pending', 'retry') AND NOT awaiting_read
        AND (next_attempt_at IS NULL OR next_attempt_at <= tds_now())
      ORDER BY received_at, id LIMIT 100`,
  )
  return rows.map(({ id }) => id)
}

/** Reads that are due and that have jobs at a customer's: an event or an incomplete row waits for them. */
export async function dueUrgentReads(db: Queryable, limit: number): Promise<OwedReadKey[]> {
  const { rows } = await db.query<OwedReadKey>(
    `SELECT organization_id AS "organizationId", entity_type AS "entityType", zoho_id AS "zohoId"
       FROM tds_owed_reads WHERE due_at <= tds_now() AND reason <> ALL ($1::text[])
      ORDER BY reason = 'completing', due_at LIMIT $2`,
    [patientReasons, limit],
  )
  return rows
}

/** When the next event or read becomes due that waits by itself, in milliseconds since 1970; null where none does. Reads of the kinds in `except` are left out. */
export async function nextWorkAt(db: Queryable, except: readonly PatientKind[]): Promise<number | null> {
  const { rows } = await db.query<{ at: number | null }>(
    `SELECT (extract(epoch FROM min(at)) * 1000)::float8 AS at
       FROM (SELECT min(coalesce(next_attempt_at, received_at)) AS at FROM tds_inbox_events
              WHERE status IN ('pending', 'retry') AND NOT awaiting_read
             UNION ALL
             SELECT min(due_at) FROM tds_owed_reads
              WHERE due_at < 'infinity' AND entity_type::text || ' ' || reason <> ALL ($1::text[])) AS work`,
    [except.map(({ entityType, reason }) => `${entityType} ${reason}`)],
  )
  return rows[0]?.at ?? null
}
