import type { Queryable } from '../queryable.ts'
import type { DeadLetterStatus } from './dead-letters.ts'
import type { DeadLetterClass } from './insert-dead-letters.ts'

/** The open dead letters of a class; times as Postgres prints them. */
export interface OpenLetterStats {
  readonly class: DeadLetterClass
  readonly letters: number
  readonly records: number
  readonly occurrences: number
  readonly unassigned: number
  readonly oldest_at: string
  readonly oldest_seconds: number
}

/** Who looks after how many open dead letters; null for nobody. */
export interface AssigneeStats {
  readonly assigned_to: string | null
  readonly letters: number
}

/** How many were settled in one way, and how long the middle one of them had been open. */
export interface SettledLetterStats {
  readonly status: Exclude<DeadLetterStatus, 'open'>
  readonly letters: number
  readonly median_seconds: number
}

/** What was given up and what was settled on a day, in UTC. */
export interface LetterDay {
  readonly day: string
  readonly given_up: number
  readonly settled: number
}

/** The open dead letters of an organisation by class, those with the oldest letter first. */
export async function openLetterStats(db: Queryable, organizationId: string): Promise<OpenLetterStats[]> {
  const { rows } = await db.query<OpenLetterStats>(
    `SELECT class, count(*)::int AS letters, count(DISTINCT (entity_type, source_entity_id))::int AS records,
            sum(occurrences)::int AS occurrences, count(*) FILTER (WHERE assigned_to IS NULL)::int AS unassigned,
            min(created_at) AS oldest_at, extract(epoch FROM tds_now() - min(created_at))::float8 AS oldest_seconds
       FROM tds_dead_letter_queue
      WHERE status = 'open' AND organization_id = $1
      GROUP BY class
      ORDER BY oldest_at`,
    [organizationId],
  )
  return rows
}

/** Who looks after the open dead letters of an organisation, whoever has the most first. */
export async function letterAssignees(db: Queryable, organizationId: string): Promise<AssigneeStats[]> {
  const { rows } = await db.query<AssigneeStats>(
    `SELECT assigned_to, count(*)::int AS letters FROM tds_dead_letter_queue
      WHERE status = 'open' AND organization_id = $1
      GROUP BY assigned_to
      ORDER BY letters DESC, assigned_to`,
    [organizationId],
  )
  return rows
}

/** How the dead letters of an organisation were settled in the last so many days. */
export async function settledLetterStats(
  db: Queryable,
  o: { readonly organizationId: string; readonly days: number },
): Promise<SettledLetterStats[]> {
  const { rows } = await db.query<SettledLetterStats>(
    `SELECT status, count(*)::int AS letters,
            percentile_disc(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM resolved_at - created_at))::float8
              AS median_seconds
       FROM tds_dead_letter_queue
      WHERE status <> 'open' AND organization_id = $1 AND resolved_at >= tds_now() - make_interval(days => $2)
      GROUP BY status
      ORDER BY letters DESC, status`,
    [o.organizationId, o.days],
  )
  return rows
}

/** What was given up and settled on each of the last so many days, today first. */
export async function letterDays(
  db: Queryable,
  o: { readonly organizationId: string; readonly days: number },
): Promise<LetterDay[]> {
  const { rows } = await db.query<LetterDay>(
    `WITH days AS (
       SELECT (tds_now() AT TIME ZONE 'UTC')::date - n AS day FROM generate_series(0, $2::int - 1) n
     ), given_up AS (
       SELECT (created_at AT TIME ZONE 'UTC')::date AS day, count(*)::int AS letters FROM tds_dead_letter_queue
        WHERE organization_id = $1 AND created_at >= tds_now() - make_interval(days => $2 + 1) GROUP BY 1
     ), settled AS (
       SELECT (resolved_at AT TIME ZONE 'UTC')::date AS day, count(*)::int AS letters FROM tds_dead_letter_queue
        WHERE organization_id = $1 AND resolved_at >= tds_now() - make_interval(days => $2 + 1) GROUP BY 1
     )
     SELECT d.day::text, coalesce(g.letters, 0) AS given_up, coalesce(s.letters, 0) AS settled
       FROM days d LEFT JOIN given_up g USING (day) LEFT JOIN settled s USING (day)
      ORDER BY d.day DESC`,
    [o.organizationId, o.days],
  )
  return rows
}
