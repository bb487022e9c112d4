import type { Queryable } from '../queryable.ts'
import type { DeadLetterClass } from './insert-dead-letters.ts'
import type { ListPosition } from './list-position.ts'

/** How a dead letter stands, or was settled. */
export type DeadLetterStatus = 'open' | 'replayed' | 'discarded' | 'resolved'

/** A dead letter as a person looks at it, without what it carries; times as Postgres prints them. */
export interface StoredDeadLetter {
  readonly id: string
  readonly organization_id: string
  readonly entity_type: string
  readonly source_entity_id: string | null
  readonly event_id: string
  readonly event_ids: readonly string[]
  readonly class: DeadLetterClass
  readonly fingerprint: string
  readonly failure_reason: string
  readonly error_code: string | null
  readonly total_attempts: number
  readonly operation_type: string
  readonly source_version: string | null
  readonly received_at: string | null
  readonly occurrences: number
  readonly status: DeadLetterStatus
  readonly resolved_at: string | null
  readonly resolved_by: string | null
  readonly resolution_notes: string | null
  readonly assigned_to: string | null
  readonly created_at: string
  readonly last_seen_at: string
  readonly age_seconds: number
  readonly body_bytes: number | null
}

/** Which dead letters are asked for; what is left out does not restrict. */
export interface DeadLetterFilter {
  /** Ids of letters, or of events under them. */
  readonly ids?: readonly string[] | undefined
  readonly statuses?: readonly DeadLetterStatus[] | undefined
  readonly classes?: readonly DeadLetterClass[] | undefined
  readonly entityType?: string | undefined
  readonly recordId?: string | undefined
  readonly errorCode?: string | undefined
  /** A fingerprint, or its beginning. */
  readonly group?: string | undefined
  /** Only those first given up on at this moment or later. */
  readonly since?: Date | undefined
  /** Only those first given up on before this moment. */
  readonly until?: Date | undefined
  /** Only those last seen before this moment, as Postgres prints it. */
  readonly lastSeenBefore?: string | undefined
  readonly minAttempts?: number | undefined
  /** Words of the reason, whatever their case. */
  readonly text?: string | undefined
}

/** The columns of a {@link StoredDeadLetter} `d`. */
export const deadLetterColumns = `d.id, d.organization_id, d.entity_type, d.source_entity_id, d.event_id, d.event_ids::text[] AS event_ids,
            d.class, d.fingerprint, d.failure_reason, d.error_code, d.total_attempts, d.operation_type, d.source_version,
            d.received_at, d.occurrences, d.status, d.resolved_at, d.resolved_by, d.resolution_notes,
            d.assigned_to, d.created_at, d.last_seen_at, extract(epoch FROM tds_now() - d.created_at)::float8 AS age_seconds,
            octet_length(d.raw_body) AS body_bytes`

/** Lists the dead letters of an organisation, the oldest first, one page at a time. */
export async function listDeadLetters(
  db: Queryable,
  filter: DeadLetterFilter & { readonly organizationId: string },
  page: { readonly limit: number; readonly after: ListPosition | null },
): Promise<StoredDeadLetter[]> {
  const { rows } = await db.query<StoredDeadLetter>(
    `SELECT ${deadLetterColumns} FROM tds_dead_letter_queue d
      WHERE ${chosenLetters} AND ($14::timestamptz IS NULL OR (d.created_at, d.id) > ($14::timestamptz, $15::uuid))
      ORDER BY d.created_at, d.id
      LIMIT $16`,
    [...letterFilterValues(filter), page.after?.at ?? null, page.after?.id ?? null, page.limit],
  )
  return rows
}

/**
 * The ids of the open dead letters that a filter chooses, in the order in which they are to be replayed: the records by
 * their oldest letter, the letters of a record together and the oldest first.
 */
export async function selectOpenDeadLetters(
  db: Queryable,
  filter: DeadLetterFilter & { readonly organizationId: string },
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `SELECT id FROM (
       SELECT d.id, d.entity_type, d.source_entity_id, d.received_at, min(d.received_at) OVER record AS first_at
         FROM tds_dead_letter_queue d
        WHERE ${chosenLetters}
       WINDOW record AS (PARTITION BY d.entity_type, d.source_entity_id)) letter
      ORDER BY first_at, entity_type, source_entity_id, received_at, id`,
    letterFilterValues({ ...filter, statuses: ['open'] }),
  )
  return rows.map((row) => row.id)
}

/** The condition of a {@link DeadLetterFilter} on `d`; its values are $1 to $13. */
export const chosenLetters = `d.organization_id = $1
        AND ($2::uuid[] IS NULL OR d.id = ANY($2::uuid[]) OR d.event_ids && $2::uuid[])
        AND ($3::text[] IS NULL OR d.status = ANY($3::text[]))
        AND ($4::tds_dead_letter_class[] IS NULL OR d.class = ANY($4::tds_dead_letter_class[]))
        AND ($5::tds_entity_type IS NULL OR d.entity_type = $5::tds_entity_type)
        AND ($6::text IS NULL OR d.source_entity_id = $6::text)
        AND ($7::text IS NULL OR d.error_code = $7::text)
        AND ($8::text IS NULL OR starts_with(d.fingerprint, $8::text))
        AND ($9::timestamptz IS NULL OR d.created_at >= $9::timestamptz)
        AND ($10::timestamptz IS NULL OR d.created_at < $10::timestamptz)
        AND ($11::timestamptz IS NULL OR d.last_seen_at < $11::timestamptz)
        AND d.total_attempts >= $12
        AND ($13::text IS NULL OR strpos(lower(d.failure_reason), lower($13::text)) > 0)`

/** The values of {@link chosenLetters}. */
export function letterFilterValues(
  filter: DeadLetterFilter & { readonly organizationId: string },
): unknown[] {
  return [
    filter.organizationId,
    filter.ids ?? null,
    filter.statuses ?? null,
    filter.classes ?? null,
    filter.entityType ?? null,
    filter.recordId ?? null,
    filter.errorCode ?? null,
    filter.group ?? null,
    filter.since?.toISOString() ?? null,
    filter.until?.toISOString() ?? null,
    filter.lastSeenBefore ?? null,
    filter.minAttempts ?? 0,
    filter.text ?? null,
  ]
}

/** Dead letters of one cause. */
export interface DeadLetterGroup {
  readonly fingerprint: string
  readonly class: DeadLetterClass
  readonly error_code: string | null
  readonly entity_types: readonly string[]
  /** The reason of the newest one. */
  readonly sample: string
  readonly letters: number
  readonly records: number
  readonly occurrences: number
  readonly first_at: string
  readonly last_at: string
}

/** The open dead letters by fingerprint, the largest group first. */
export async function groupDeadLetters(
  db: Queryable,
  filter: DeadLetterFilter & { readonly organizationId: string },
): Promise<DeadLetterGroup[]> {
  const { rows } = await db.query<DeadLetterGroup>(
    `SELECT d.fingerprint, d.class, d.error_code, array_agg(DISTINCT d.entity_type::text) AS entity_types,
            (array_agg(d.failure_reason ORDER BY d.last_seen_at DESC))[1] AS sample, count(*)::int AS letters,
            count(DISTINCT (d.entity_type, d.source_entity_id))::int AS records, sum(d.occurrences)::int AS occurrences,
            min(d.created_at) AS first_at, max(d.last_seen_at) AS last_at
       FROM tds_dead_letter_queue d
      WHERE ${chosenLetters}
      GROUP BY d.fingerprint, d.class, d.error_code
      ORDER BY letters DESC, first_at`,
    letterFilterValues({ ...filter, statuses: ['open'] }),
  )
  return rows
}

/** Dead letters by their ids, those that there are. */
export async function readDeadLetters(db: Queryable, ids: readonly string[]): Promise<StoredDeadLetter[]> {
  const { rows } = await db.query<StoredDeadLetter>(
    `SELECT ${deadLetterColumns} FROM tds_dead_letter_queue d WHERE d.id = ANY($1::uuid[])`,
    [ids],
  )
  return rows
}
