import type { Queryable } from '../queryable.ts'

/** How completely webhooks of one type told of its versions in the last day. */
export interface WebhookCoverage {
  readonly entity_type: string
  /** Versions of which a webhook told in time. */
  readonly told: number
  readonly missed: number
  /** How long, in seconds, the slowest webhook came after its version had been seen; null where none came second. */
  readonly longest_lag: number | null
}

/** Tells for each watched type what was told of and missed in the last 24 hours. */
export async function webhookCoverage(db: Queryable): Promise<WebhookCoverage[]> {
  const { rows } = await db.query<WebhookCoverage>(
    `SELECT w.entity_type, coalesce(sum(c.told), 0)::int AS told, coalesce(sum(c.missed), 0)::int AS missed,
            max(lag.seconds)::float8 AS longest_lag
       FROM tds_webhook_watches w
       LEFT JOIN LATERAL (
         SELECT sum(versions_told + versions_hinted) AS told, sum(versions_missed) AS missed FROM tds_webhook_counts c
          WHERE c.organization_id = w.organization_id AND c.entity_type = w.entity_type
            AND c.hour > tds_now() - interval '24 hours'
       ) c ON true
       LEFT JOIN LATERAL (
         SELECT max(extract(epoch FROM s.webhook_at - s.seen_at)) AS seconds FROM tds_first_sights s
          WHERE s.organization_id = w.organization_id AND s.entity_type = w.entity_type
            AND s.seen_at > tds_now() - interval '24 hours' AND s.webhook_at > s.seen_at
       ) lag ON true
      GROUP BY 1 ORDER BY 1`,
    [],
    { name: 'webhook_coverage' },
  )
  return rows
}
