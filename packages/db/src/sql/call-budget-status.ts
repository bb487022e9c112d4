import type { Queryable } from '../queryable.ts'

/** How the calls of one organisation stand; times in seconds from now, null where there is nothing to wait for. */
export interface CallBudgetStatus {
  readonly organization_id: string
  readonly minute_used: number
  readonly minute_limit: number
  readonly in_flight: number
  readonly in_flight_limit: number
  readonly day_used: number
  /** Null where neither the configuration nor Zoho has said it; the same for what is left. */
  readonly day_limit: number | null
  readonly day_left: number | null
  readonly day_ends_in: number
  readonly paused_for: number | null
  readonly pause_code: string | null
  /** No call goes out before: Zoho said that the day's are used up, or we have counted that. */
  readonly exhausted_for: number | null
  /** Calls an hour, at the present pace: ours of the last hour, and the others' of the day on average. */
  readonly pace: number
  /** When the day's calls are used up at that pace; null where they last until the day ends. */
  readonly lasts_for: number | null
  /** Who waits, by lane. */
  readonly waiting: Readonly<Record<string, number>>
}

/** Says nothing new, but lets the planner see that few calls are meant: what it cannot estimate it takes for a third of all. */
const soon = "AND c.counted_until > tds_now() - interval '1 minute'"

/** Reads how the calls to Zoho stand, of every organisation, over a handful of rows and two small indexes. */
export async function callBudgetStatus(db: Queryable): Promise<CallBudgetStatus[]> {
  const { rows } = await db.query<Omit<CallBudgetStatus, 'waiting'> & { waiting: string }>(
    `WITH now AS MATERIALIZED (SELECT tds_now() AS moment),
     budget AS (
       SELECT now.moment, at.*
         FROM now, tds_call_budgets stored, tds_call_budget_at(stored, now.moment) at
     ), counted AS (
       SELECT b.*, least(b.calls_per_day, b.told_limit) AS day_limit,
              CASE WHEN least(b.calls_per_day, b.told_remaining) IS NOT NULL
                   THEN greatest(0, least(b.calls_per_day - b.day_used, b.told_remaining)) END AS day_left,
              greatest(0, extract(epoch FROM b.moment - b.day_ends_at) / 3600 + 24) AS day_hours,
              (SELECT count(*)::int FROM tds_calls c
                WHERE c.organization_id = b.organization_id AND c.counted_until > b.moment ${soon}) AS minute_used,
              (SELECT count(*)::int FROM tds_calls c
                WHERE c.organization_id = b.organization_id AND c.counted_until > b.moment ${soon}
                  AND c.ended_at IS NULL AND c.expires_at > b.moment) AS in_flight,
              (SELECT count(*)::int FROM tds_calls c
                WHERE c.organization_id = b.organization_id AND c.started_at > b.moment - interval '1 hour'
                  AND c.started_at > tds_now() - interval '62 minutes') AS last_hour,
              (SELECT coalesce(json_object_agg(w.lane, w.waiting), '{}')
                 FROM (SELECT lane, sum(waiting)::int AS waiting FROM tds_call_waits
                        WHERE organization_id = b.organization_id AND expires_at > b.moment GROUP BY lane) w) AS waiting
         FROM budget b
     ), paced AS (
       SELECT *, (last_hour + greatest(0, told_limit - told_remaining - day_used) / greatest(day_hours, 0.1))::float8 AS pace,
              CASE WHEN exhausted_until IS NOT NULL THEN exhausted_until
                   WHEN day_left = 0 THEN day_ends_at END AS exhausted
         FROM counted
     )
     SELECT organization_id, minute_used, calls_per_minute AS minute_limit, in_flight,
            least(max_in_flight, narrowed_to) AS in_flight_limit, day_used, day_limit, day_left,
            extract(epoch FROM day_ends_at - moment)::float8 AS day_ends_in,
            extract(epoch FROM paused_until - moment)::float8 AS paused_for, pause_code,
            extract(epoch FROM exhausted - moment)::float8 AS exhausted_for, pace,
            CASE WHEN exhausted IS NULL AND day_left * 3600.0 < pace * extract(epoch FROM day_ends_at - moment)
                 THEN (day_left * 3600.0 / pace)::float8 END AS lasts_for,
            waiting
       FROM paced ORDER BY organization_id`,
    [],
    { name: 'call_budget_status' },
  )
  return rows.map((row) => ({ ...row, waiting: JSON.parse(row.waiting) as Record<string, number> }))
}
