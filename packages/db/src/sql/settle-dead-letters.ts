import type { Queryable } from '../queryable.ts'
import {
  chosenLetters,
  deadLetterColumns,
  letterFilterValues,
  type DeadLetterFilter,
  type DeadLetterStatus,
  type StoredDeadLetter,
} from './dead-letters.ts'
import type { DeadLetterClass } from './insert-dead-letters.ts'

/** A dead letter with what it carries. */
export interface DeadLetterWithBody extends StoredDeadLetter {
  readonly raw_body: Buffer | null
  /** JSON text; null where the body could not be read. */
  readonly payload: string | null
  /** JSON text; secrets were masked when it was stored. */
  readonly headers: string | null
}

/** One dead letter; null where there is none. */
export async function findDeadLetter(db: Queryable, id: string): Promise<StoredDeadLetter | null> {
  const { rows } = await db.query<StoredDeadLetter>(
    `SELECT ${deadLetterColumns} FROM tds_dead_letter_queue d WHERE d.id = $1::uuid`,
    [id],
  )
  return rows[0] ?? null
}

/** Takes one dead letter with what it carries for a change; waits for whoever is changing it. */
export async function lockDeadLetter(tx: Queryable, id: string): Promise<DeadLetterWithBody | null> {
  const { rows } = await tx.query<DeadLetterWithBody>(
    `SELECT ${deadLetterColumns}, d.raw_body, d.payload, d.headers FROM tds_dead_letter_queue d WHERE d.id = $1::uuid FOR UPDATE`,
    [id],
  )
  return rows[0] ?? null
}

/** Takes dead letters for a change, in the order of their ids, so that two of us never wait for each other crosswise. */
export async function lockDeadLetters(tx: Queryable, ids: readonly string[]): Promise<StoredDeadLetter[]> {
  const { rows } = await tx.query<StoredDeadLetter>(
    `SELECT ${deadLetterColumns} FROM tds_dead_letter_queue d WHERE d.id = ANY($1::uuid[]) ORDER BY d.id FOR UPDATE`,
    [ids],
  )
  return rows
}

/** How a dead letter ends. */
export interface DeadLetterEnd {
  readonly id: string
  readonly status: Exclude<DeadLetterStatus, 'open'>
  readonly by: string
  readonly note: string
}

/** Settles open dead letters; one that somebody settled before stays as it is. */
export async function settleDeadLetters(tx: Queryable, ends: readonly DeadLetterEnd[]): Promise<void> {
  if (ends.length === 0) return
  await tx.query(
    `UPDATE tds_dead_letter_queue d
        SET status = x.status, resolved_at = tds_now(), resolved_by = x.by, resolution_notes = x.note
       FROM json_to_recordset($1::json) AS x(id uuid, status text, "by" text, note text)
      WHERE d.id = x.id AND d.status = 'open'`,
    [JSON.stringify(ends)],
  )
}

/** Opens a discarded dead letter again; false where the same failure of the record has an open one by now. */
export async function reopenDeadLetter(tx: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `UPDATE tds_dead_letter_queue d
        SET status = 'open', resolved_at = NULL, resolved_by = NULL, resolution_notes = NULL
      WHERE d.id = $1::uuid AND d.status = 'discarded'
        AND NOT EXISTS (SELECT FROM tds_dead_letter_queue o
                         WHERE o.status = 'open' AND o.organization_id = d.organization_id
                           AND o.entity_type = d.entity_type AND o.fingerprint = d.fingerprint
                           AND coalesce(o.source_entity_id, '') = coalesce(d.source_entity_id, ''))`,
    [id],
  )
  return rowCount > 0
}

/** Says who looks after open dead letters; null for nobody. Returns those where that is news. */
export async function assignDeadLetters(
  tx: Queryable,
  o: { readonly ids: readonly string[]; readonly to: string | null },
): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `UPDATE tds_dead_letter_queue SET assigned_to = $2
      WHERE id = ANY($1::uuid[]) AND status = 'open' AND assigned_to IS DISTINCT FROM $2
     RETURNING id`,
    [o.ids, o.to],
  )
  return rows.map((row) => row.id)
}

/**
 * Dead letters with what they carry, the oldest first. One statement, so that they are of one moment; one more than the
 * limit tells that there are more.
 */
export async function listWholeDeadLetters(
  db: Queryable,
  filter: DeadLetterFilter & { readonly organizationId: string },
  limit: number,
): Promise<DeadLetterWithBody[]> {
  const { rows } = await db.query<DeadLetterWithBody>(
    `SELECT ${deadLetterColumns}, d.raw_body, d.payload, d.headers FROM tds_dead_letter_queue d
      WHERE ${chosenLetters} ORDER BY d.created_at, d.id LIMIT $14`,
    [...letterFilterValues(filter), limit + 1],
  )
  return rows
}

/** One try of an event under a dead letter. */
export interface DeadLetterAttempt {
  readonly event_id: string
  readonly attempt: number
  readonly outcome: string
  readonly duration_ms: number | null
  readonly error_code: string | null
  readonly error_message: string | null
  readonly worker_id: string | null
  readonly logged_at: string
}

/** Every try of these events, oldest first. The log is asked by the record, for which it has an index. */
export async function attemptsAt(
  db: Queryable,
  letter: Pick<StoredDeadLetter, 'entity_type' | 'source_entity_id' | 'event_ids'>,
): Promise<DeadLetterAttempt[]> {
  const { rows } = await db.query<DeadLetterAttempt>(
    `SELECT event_id, attempt, outcome, duration_ms::float8, error_code, error_message, worker_id, logged_at
       FROM tds_sync_logs
      WHERE entity_type = $1::tds_entity_type AND source_entity_id IS NOT DISTINCT FROM $2
        AND event_id = ANY($3::uuid[])
      ORDER BY logged_at, id`,
    [letter.entity_type, letter.source_entity_id, letter.event_ids],
  )
  return rows
}

/** The open dead letters of a class. */
export interface OpenDeadLetters {
  readonly class: DeadLetterClass
  readonly letters: number
  readonly oldest_seconds: number
}

/** How many dead letters are open, by class, and how old the oldest of each is. */
export async function openDeadLetters(db: Queryable): Promise<OpenDeadLetters[]> {
  const { rows } = await db.query<OpenDeadLetters>(
    `SELECT class, count(*)::int AS letters, extract(epoch FROM tds_now() - min(created_at))::float8 AS oldest_seconds
       FROM tds_dead_letter_queue WHERE status = 'open' GROUP BY class ORDER BY class`,
  )
  return rows
}

/** The open letter, other than this one, that holds the event; null where none does. */
export async function otherLetterOf(
  db: Queryable,
  o: { readonly eventId: string; readonly letterId: string },
): Promise<string | null> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM tds_dead_letter_queue
      WHERE status = 'open' AND event_ids @> ARRAY[$1::uuid] AND id <> $2::uuid ORDER BY created_at DESC LIMIT 1`,
    [o.eventId, o.letterId],
  )
  return rows[0]?.id ?? null
}
