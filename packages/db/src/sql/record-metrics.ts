import type { Queryable } from '../queryable.ts'

/**
 * Writes down, for each finished minute of the last `minutes` that has no samples yet, how the path did: backlog, events
 * finished and their success ratio, and for each type of record the 50th, 95th and 99th percentile of waiting, processing
 * and both. Everything is computed from rows, so a restart loses none of it. Returns the samples written. Call it under a
 * lease: a minute is looked for, then written.
 */
export async function recordMetrics(tx: Queryable, minutes: number): Promise<number> {
  const { rowCount } = await tx.query(
    `WITH due AS (
       SELECT minute
         FROM generate_series(date_trunc('minute', tds_now()) - make_interval(mins => $1),
                              date_trunc('minute', tds_now()) - interval '1 minute', interval '1 minute') AS minute
        WHERE NOT EXISTS (SELECT FROM tds_metrics m WHERE m.metric_name = 'events_finished' AND m.recorded_at = minute)
     ), attempts AS (
       SELECT d.minute, l.organization_id, l.entity_type, l.outcome, l.duration_ms / 1000 AS processing,
              extract(epoch FROM l.logged_at - e.received_at) AS whole
         FROM due d
         JOIN tds_sync_logs l ON l.logged_at >= d.minute AND l.logged_at < d.minute + interval '1 minute'
         JOIN tds_inbox_events e ON e.id = l.event_id
        WHERE l.outcome IN ('applied', 'unchanged', 'stale', 'dead_letter')
     ), spans AS (
       SELECT a.minute, a.organization_id, a.entity_type, s.name, s.seconds
         FROM attempts a
        CROSS JOIN LATERAL (VALUES ('queue_wait', greatest(0, a.whole - coalesce(a.processing, 0))),
                                   ('processing', a.processing), ('end_to_end', greatest(0, a.whole)))
                           AS s(name, seconds)
        WHERE s.seconds IS NOT NULL
     ), samples AS (
       SELECT minute, organization_id, name AS metric_name, 'histogram' AS metric_type, entity_type,
              jsonb_build_object('p50', round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::numeric, 4),
                                 'p95', round(percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)::numeric, 4),
                                 'p99', round(percentile_cont(0.99) WITHIN GROUP (ORDER BY seconds)::numeric, 4),
                                 'count', count(*)) AS value, 'seconds' AS unit
         FROM spans GROUP BY minute, organization_id, name, entity_type
       UNION ALL
       SELECT minute, organization_id, 'success_ratio', 'gauge', entity_type,
              to_jsonb(round(count(*) FILTER (WHERE outcome <> 'dead_letter')::numeric / count(*), 6)), 'ratio'
         FROM attempts GROUP BY minute, organization_id, entity_type
       UNION ALL
       SELECT d.minute, NULL, 'events_finished', 'gauge', NULL, to_jsonb(count(a.minute)), 'events'
         FROM due d LEFT JOIN attempts a ON a.minute = d.minute GROUP BY d.minute
       UNION ALL
       -- What waits is only known now, so only the newest minute tells it.
       SELECT max(minute), NULL, 'backlog', 'gauge', NULL,
              to_jsonb((SELECT count(*) FROM tds_inbox_events WHERE status IN ('pending', 'processing', 'retry'))), 'events'
         FROM due WHERE minute = date_trunc('minute', tds_now()) - interval '1 minute' HAVING count(*) > 0
     )
     INSERT INTO tds_metrics (organization_id, metric_name, metric_type, entity_type, value, unit, recorded_at)
     SELECT organization_id, metric_name, metric_type, entity_type, value, unit, minute FROM samples`,
    [minutes],
  )
  return rowCount
}
