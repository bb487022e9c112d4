import type { Queryable } from '../queryable.ts'

/** When webhooks of one type came and how they usually come. Hours are busy hours: those of the week in which any came. */
export interface WebhookHabit {
  readonly organization_id: string
  readonly entity_type: string
  readonly last_webhook_at: string | null
  /** Since the last one, or since watching began. */
  readonly silent_seconds: number
  /** Whole busy hours since the hour of the last one. */
  readonly silent_busy_hours: number
  /** Webhooks of the 14 days up to the last one. */
  readonly learned_from: number
  /** The longest wait between two of these but one, in busy hours; null with fewer than two waits. */
  readonly usual_gap: number | null
  /** Since the first completed run; null before. */
  readonly loaded_seconds: number | null
  /** Since the last completed run; null before the first. */
  readonly run_seconds: number | null
  /** Versions that reads saw first since the last webhook. */
  readonly seen_since: number
}

/** Days up to the last webhook from which a habit is learned. */
export const habitDays = 14

/**
 * Tells the habit of each watched type from the counts by the hour. The hours of the week are those of the given time zone,
 * and one is busy if a webhook of any type came in it: so a night or a weekend is no silence.
 */
export async function webhookHabits(db: Queryable, timeZone: string): Promise<WebhookHabit[]> {
  const { rows } = await db.query<WebhookHabit>(
    `WITH watch AS MATERIALIZED (
       SELECT w.*, date_bin('1 hour', w.last_webhook_at, 'epoch') AS last_hour,
              date_bin('1 hour', w.last_webhook_at - make_interval(days => ${String(habitDays)}), 'epoch') AS first_hour
         FROM tds_webhook_watches w
     ), counted AS MATERIALIZED (
       -- Counts are kept for a year and more: the hour of the week is found only of those that are looked at.
       SELECT organization_id, entity_type, hour, webhooks, ${weekHour('hour')} AS week_hour FROM tds_webhook_counts
        WHERE hour >= (SELECT min(first_hour) FROM watch) AND webhooks > 0
     ), busy AS MATERIALIZED (
       SELECT DISTINCT w.organization_id, w.entity_type, c.week_hour
         FROM watch w
         JOIN counted c ON c.organization_id = w.organization_id AND c.hour >= w.first_hour
     ), hours AS MATERIALIZED (
       -- Apart, so that the hour of the week is found once for each hour and not once for each pair that is joined.
       SELECT w.organization_id, w.entity_type, w.last_hour, h.hour, ${weekHour('h.hour')} AS week_hour
         FROM watch w
        CROSS JOIN LATERAL generate_series(w.first_hour, least(tds_now(), w.last_hour + interval '90 days'),
                                           interval '1 hour') AS h(hour)
     ), line AS (
       SELECT h.organization_id, h.entity_type, h.last_hour, h.hour, b.week_hour IS NOT NULL AS is_busy,
              coalesce(c.webhooks, 0) AS webhooks,
              count(b.week_hour) OVER (PARTITION BY h.organization_id, h.entity_type ORDER BY h.hour) AS place
         FROM hours h
         LEFT JOIN busy b ON b.organization_id = h.organization_id AND b.entity_type = h.entity_type
                         AND b.week_hour = h.week_hour
         LEFT JOIN counted c ON c.organization_id = h.organization_id AND c.entity_type = h.entity_type AND c.hour = h.hour
     ), gaps AS (
       SELECT organization_id, entity_type, webhooks,
              place - lag(place) OVER (PARTITION BY organization_id, entity_type ORDER BY hour) AS gap
         FROM line WHERE webhooks > 0
     ), usual AS (
       SELECT organization_id, entity_type, sum(webhooks) AS learned_from,
              (array_agg(gap ORDER BY gap DESC) FILTER (WHERE gap IS NOT NULL))[2] AS usual_gap
         FROM gaps GROUP BY 1, 2
     ), silence AS (
       SELECT organization_id, entity_type, count(*) AS busy_hours FROM line
        WHERE is_busy AND hour > last_hour AND hour <= (SELECT tds_now() - interval '1 hour') GROUP BY 1, 2
     )
     SELECT w.organization_id, w.entity_type, w.last_webhook_at,
            extract(epoch FROM tds_now() - coalesce(w.last_webhook_at, w.watched_since))::float8 AS silent_seconds,
            coalesce(s.busy_hours, 0)::int AS silent_busy_hours, coalesce(u.learned_from, 0)::int AS learned_from,
            u.usual_gap::int AS usual_gap,
            extract(epoch FROM tds_now() - w.loaded_at)::float8 AS loaded_seconds,
            extract(epoch FROM tds_now() - w.last_run_at)::float8 AS run_seconds,
            (SELECT count(*)::int FROM tds_first_sights f
              WHERE f.organization_id = w.organization_id AND f.entity_type = w.entity_type
                AND f.seen_at > coalesce(w.last_webhook_at, w.watched_since)) AS seen_since
       FROM watch w
       LEFT JOIN usual u USING (organization_id, entity_type)
       LEFT JOIN silence s USING (organization_id, entity_type)
      ORDER BY w.entity_type, w.organization_id`,
    [timeZone],
    { name: 'webhook_habits' },
  )
  return rows
}

function weekHour(hour: string): string {
  const local = `${hour} AT TIME ZONE $1`
  return `(extract(isodow FROM ${local}) * 24 + extract(hour FROM ${local}))::int`
}
