-- What people and dashboards ask for most. The schema of pg-boss is installed before these migrations.

CREATE VIEW tds_sync_queue AS
WITH job AS (
  -- An event may have more than one job for a moment (a retry, the sweeper): the one that runs first counts.
  SELECT DISTINCT ON (carried.event_id)
    carried.event_id,
    carrier.id,
    carrier.priority,
    carrier.start_after,
    carrier.created_on,
    carrier.started_on
  FROM pgboss.job AS carrier
  CROSS JOIN LATERAL jsonb_array_elements_text(carrier.data -> 'eventIds') AS carried (event_id)
  WHERE carrier.name = 'apply-events'
    AND carrier.state IN ('created', 'retry', 'active')
  ORDER BY carried.event_id, carrier.state DESC, carrier.start_after
),
claim AS (
  SELECT DISTINCT ON (claimed.event_id)
    claimed.event_id,
    held.daemon_id,
    held.claimed_at,
    held.expires_at
  FROM tds_work_claims AS held
  CROSS JOIN LATERAL unnest(held.event_ids) AS claimed (event_id)
  ORDER BY claimed.event_id, held.claimed_at DESC
)
SELECT
  job.id,
  event.id AS inbox_event_id,
  event.entity_type,
  event.source_entity_id,
  event.operation_type,
  event.status,
  job.priority,
  event.attempt_count,
  CASE WHEN event.status = 'retry' THEN coalesce(event.next_attempt_at, job.start_after) END AS next_retry_at,
  claim.daemon_id AS locked_by,
  claim.expires_at AS lock_expires_at,
  event.received_at AS created_at,
  coalesce(claim.claimed_at, job.started_on) AS started_at,
  event.error_message,
  event.error_code
FROM tds_inbox_events AS event
LEFT JOIN job ON job.event_id = event.id::text
LEFT JOIN claim ON claim.event_id = event.id
WHERE event.status IN ('pending', 'processing', 'retry');
COMMENT ON VIEW tds_sync_queue IS 'The events that wait for us, each with the job that carries it (id NULL: none does, the sweeper will send one) and the claim that holds it.';

CREATE VIEW tds_v_active_queue AS
SELECT
  queue.*,
  extract(epoch FROM tds_now() - queue.created_at) AS age_seconds
FROM tds_sync_queue AS queue
ORDER BY queue.created_at;
COMMENT ON VIEW tds_v_active_queue IS 'What is in the queue now, oldest first, with its age in seconds.';

CREATE VIEW tds_v_unresolved_dlq AS
SELECT
  letter.id,
  letter.organization_id,
  letter.entity_type,
  letter.source_entity_id,
  letter.event_id,
  letter.class,
  letter.failure_reason,
  letter.error_code,
  letter.total_attempts,
  letter.occurrences,
  letter.assigned_to,
  letter.priority,
  letter.created_at,
  letter.last_seen_at,
  extract(epoch FROM tds_now() - letter.created_at) AS age_seconds
FROM tds_dead_letter_queue AS letter
WHERE letter.status = 'open'
ORDER BY letter.priority, letter.created_at;
COMMENT ON VIEW tds_v_unresolved_dlq IS 'The dead letters that nobody has settled yet, most urgent first.';

CREATE VIEW tds_v_recent_sync_performance AS
SELECT
  log.entity_type,
  count(*) FILTER (WHERE log.outcome <> 'retry') AS events,
  count(*) FILTER (WHERE log.outcome = 'applied') AS applied,
  count(*) FILTER (WHERE log.outcome = 'unchanged') AS unchanged,
  count(*) FILTER (WHERE log.outcome = 'stale') AS stale,
  count(*) FILTER (WHERE log.outcome IN ('dead_letter', 'failed')) AS failed,
  count(*) FILTER (WHERE log.outcome = 'retry') AS retried,
  round(
    count(*) FILTER (WHERE log.outcome IN ('applied', 'unchanged', 'stale'))::numeric
      / nullif(
        count(*) FILTER (WHERE log.outcome IN ('applied', 'unchanged', 'stale', 'dead_letter', 'failed')),
        0
      ),
    6
  ) AS success_ratio,
  percentile_cont(0.5) WITHIN GROUP (ORDER BY log.duration_ms) AS p50_duration_ms,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY log.duration_ms) AS p95_duration_ms
FROM tds_sync_logs AS log
WHERE log.logged_at > (SELECT tds_now() - interval '24 hours')
GROUP BY log.entity_type;
COMMENT ON VIEW tds_v_recent_sync_performance IS 'The last 24 hours per kind of record: outcomes, the share that succeeded (attempts that are tried again do not count), and how long an attempt took in milliseconds.';

CREATE VIEW tds_v_conservation AS
WITH span AS MATERIALIZED (
  -- Asked once: as a plain condition the time would be asked again for every row.
  SELECT date_bin('1 minute', tds_now() - interval '15 minutes', 'epoch') AS since
),
waiting AS MATERIALIZED (
  SELECT
    coalesce(
      (
        SELECT sum(counted.events)
        FROM tds_event_counts AS counted
        WHERE counted.status IN ('pending', 'processing', 'retry', 'quarantined')
      ),
      0
    )::bigint AS counted,
    (
      SELECT count(*)
      FROM tds_inbox_events AS event
      WHERE event.status IN ('pending', 'processing', 'retry')
    ) + (
      SELECT count(*)
      FROM tds_inbox_events AS event
      WHERE event.status = 'quarantined'
    ) AS present
),
recent_counts AS (
  SELECT
    counted.minute,
    counted.status,
    sum(counted.events)::bigint AS events
  FROM tds_event_counts AS counted
  WHERE counted.minute >= (SELECT span.since FROM span)
  GROUP BY counted.minute, counted.status
),
recent_events AS (
  -- Three branches, because there is no index over all states: the ones that exist are partial. What is
  -- final was received before it was processed; a minute of slack is for a clock that was set back.
  SELECT event.received_at, event.status
  FROM tds_inbox_events AS event
  WHERE event.status IN ('pending', 'processing', 'retry')
    AND event.received_at >= (SELECT span.since FROM span)
  UNION ALL
  SELECT event.received_at, event.status
  FROM tds_inbox_events AS event
  WHERE event.status = 'quarantined'
    AND event.received_at >= (SELECT span.since FROM span)
  UNION ALL
  SELECT event.received_at, event.status
  FROM tds_inbox_events AS event
  WHERE event.status IN ('applied', 'unchanged', 'stale', 'dead_letter', 'discarded')
    AND event.processed_at >= (SELECT span.since - interval '1 minute' FROM span)
    AND event.received_at >= (SELECT span.since FROM span)
),
recent_rows AS (
  SELECT
    date_bin('1 minute', recent_events.received_at, 'epoch') AS minute,
    recent_events.status,
    count(*) AS events
  FROM recent_events
  GROUP BY 1, 2
)
SELECT
  'waiting' AS scope,
  NULL::timestamptz AS minute,
  NULL::tds_event_status AS status,
  waiting.counted,
  waiting.present,
  waiting.counted - waiting.present AS difference
FROM waiting
UNION ALL
SELECT
  'minute',
  coalesce(recent_counts.minute, recent_rows.minute),
  coalesce(recent_counts.status, recent_rows.status),
  coalesce(recent_counts.events, 0),
  coalesce(recent_rows.events, 0),
  coalesce(recent_counts.events, 0) - coalesce(recent_rows.events, 0)
FROM recent_counts
FULL JOIN recent_rows
  ON recent_rows.minute = recent_counts.minute
  AND recent_rows.status = recent_counts.status;
COMMENT ON VIEW tds_v_conservation IS 'Whether events are conserved: one row compares all events counted as not final with the rows that are not final, the others compare the last 15 minutes of receipt state by state. Every difference must be 0.';
