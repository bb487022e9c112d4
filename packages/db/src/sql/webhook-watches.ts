import type { Queryable } from '../queryable.ts'

/** Begins to watch the webhooks of these types, where they are not watched yet. */
export async function beginWebhookWatches(
  tx: Queryable,
  o: { readonly organizationId: string; readonly entityTypes: readonly string[] },
): Promise<void> {
  await tx.query(
    `INSERT INTO tds_webhook_watches (organization_id, entity_type)
     SELECT $1, type::tds_entity_type FROM unnest($2::text[]) AS type ORDER BY 2
         ON CONFLICT DO NOTHING`,
    [o.organizationId, o.entityTypes],
  )
}

/**
 * Counts anew the webhooks of the hours since the last count, and of the hour before: by the log of attempts, in which each
 * has one final line. A version that was missed stays missed when its webhook comes after all. Also notes when the last one
 * was received and when runs were completed. Returns how many webhooks were counted.
 */
export async function countWebhooks(tx: Queryable, organizationId: string): Promise<number> {
  const { rows } = await tx.query<{ webhooks: number }>(
    `WITH span AS MATERIALIZED (
       SELECT date_bin('1 hour', least(coalesce(min(counted_at), tds_now()), tds_now()), 'epoch') - interval '1 hour' AS since
         FROM tds_webhook_watches WHERE organization_id = $1
     ), finished AS MATERIALIZED (
       SELECT DISTINCT ON (e.id) e.id, e.entity_type, e.source_entity_id, e.source_version, e.received_at,
              date_bin('1 hour', l.logged_at, 'epoch') AS hour
         FROM span
         JOIN tds_sync_logs l ON l.logged_at >= span.since
         JOIN tds_inbox_events e ON e.id = l.event_id
         JOIN tds_webhook_watches w ON w.organization_id = e.organization_id AND w.entity_type = e.entity_type
        WHERE l.organization_id = $1 AND l.outcome IN ('applied', 'unchanged', 'stale', 'dead_letter')
          AND e.source_type = 'zoho' AND e.replay_of IS NULL
        ORDER BY e.id, l.logged_at
     ), versions AS (
       SELECT f.entity_type, f.hour, count(DISTINCT (f.source_entity_id, f.source_version)) AS told
         FROM finished f
         LEFT JOIN tds_first_sights s ON s.organization_id = $1 AND s.entity_type = f.entity_type
                                     AND s.zoho_id = f.source_entity_id AND s.version = f.source_version
                                     AND s.judged_at IS NOT NULL AND s.webhook_at IS NULL
        WHERE f.source_version IS NOT NULL AND s.zoho_id IS NULL
        GROUP BY 1, 2
     ), hours AS (
       SELECT entity_type, hour, count(*) AS webhooks FROM finished GROUP BY 1, 2
     ), counted AS (
       INSERT INTO tds_webhook_counts AS c (organization_id, entity_type, hour, webhooks, versions_told)
       SELECT $1, h.entity_type, h.hour, h.webhooks, coalesce(v.told, 0)
         FROM hours h LEFT JOIN versions v USING (entity_type, hour) ORDER BY 2, 3
           ON CONFLICT (organization_id, entity_type, hour) DO UPDATE
          SET webhooks = excluded.webhooks, versions_told = excluded.versions_told
       RETURNING webhooks
     ), moved AS (
       UPDATE tds_webhook_watches w
          SET counted_at = tds_now(),
              last_webhook_at = greatest(w.last_webhook_at,
                (SELECT max(f.received_at) FROM finished f WHERE f.entity_type = w.entity_type)),
              loaded_at = coalesce(w.loaded_at, run.first_at),
              last_run_at = greatest(w.last_run_at, run.last_at)
         FROM tds_webhook_watches old
         LEFT JOIN LATERAL (
           SELECT min(r.completed_at) AS first_at, max(r.completed_at) AS last_at FROM tds_sync_runs r
            WHERE r.organization_id = $1 AND r.entity_type = old.entity_type AND r.status = 'completed' AND NOT r.dry_run
         ) run ON true
        WHERE w.organization_id = $1 AND old.organization_id = $1 AND old.entity_type = w.entity_type
     )
     SELECT coalesce(sum(webhooks), 0)::int AS webhooks FROM counted`,
    [organizationId],
    { name: 'count_webhooks' },
  )
  return rows[0]?.webhooks ?? 0
}
