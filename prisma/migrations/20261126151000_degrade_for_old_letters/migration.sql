-- A dead letter that is open for too long waits for a person. It is no outage: no daemon gets better by being taken out of a
-- balancer for it.

UPDATE tds_configuration
SET description = 'Age of the oldest open dead letter above which health says so first, in hours.'
WHERE config_key = 'dead_letter_age_hours';

-- The summary says the age first where it is over the limit.
CREATE OR REPLACE FUNCTION tds_get_health_summary()
RETURNS TABLE (check_name text, status text, detail text)
LANGUAGE sql STABLE AS $$
  WITH threshold AS (
    SELECT
      coalesce(max((config_value #>> '{}')::numeric) FILTER (WHERE config_key = 'sync_lag_threshold_minutes'), 15)
        AS lag_minutes,
      coalesce(max((config_value #>> '{}')::numeric) FILTER (WHERE config_key = 'queue_backlog_threshold'), 1000)
        AS backlog,
      coalesce(max((config_value #>> '{}')::numeric) FILTER (WHERE config_key = 'failure_rate_threshold'), 0.05)
        AS failure_rate,
      coalesce(max((config_value #>> '{}')::numeric) FILTER (WHERE config_key = 'dead_letter_age_hours'), 24)
        AS letter_hours
    FROM tds_configuration
    WHERE is_active
      AND value_type = 'number'
  ),
  waiting AS (
    SELECT
      count(*) AS events,
      coalesce(
        round(extract(epoch FROM tds_now() - min(event.received_at) FILTER (
          -- What the fuse holds waits for a person, and has a line of its own.
          WHERE NOT (
            event.awaiting_read
            AND EXISTS (
              SELECT FROM tds_held_deletions AS held
              WHERE held.organization_id = event.organization_id
                AND held.entity_type = event.entity_type
                AND held.zoho_id = event.source_entity_id
                AND held.released_at IS NULL
            )
          )
        ))),
        0
      ) AS oldest_seconds
    FROM tds_inbox_events AS event
    WHERE event.status IN ('pending', 'processing', 'retry')
  ),
  quarantined AS (
    SELECT count(*) AS events
    FROM tds_inbox_events AS event
    WHERE event.status = 'quarantined'
  ),
  letters AS (
    SELECT
      count(*) AS open,
      round(extract(epoch FROM tds_now() - min(letter.created_at)) / 3600, 1) AS oldest_hours
    FROM tds_dead_letter_queue AS letter
    WHERE letter.status = 'open'
  ),
  last_hour AS (
    SELECT
      count(*) FILTER (WHERE log.outcome IN ('applied', 'unchanged', 'stale')) AS succeeded,
      count(*) FILTER (WHERE log.outcome IN ('dead_letter', 'failed')) AS failed
    FROM tds_sync_logs AS log
    WHERE log.logged_at > (SELECT tds_now() - interval '1 hour')
  ),
  heartbeat AS (
    SELECT
      expected.name,
      expected.place,
      expected.when_silent,
      (
        SELECT round(extract(epoch FROM tds_now() - max(daemon.beat_at)))
        FROM tds_daemons AS daemon
        WHERE daemon.name = expected.name
          AND daemon.stopped_at IS NULL
      ) AS silent_seconds
    FROM (
      VALUES
        (6, 'api', 'unhealthy'),
        (7, 'worker', 'unhealthy'),
        (8, 'alerter', 'degraded')
    ) AS expected (place, name, when_silent)
  ),
  findings (place, check_name, status, detail) AS (
    SELECT
      1,
      'oldest_waiting_event',
      CASE
        WHEN waiting.oldest_seconds > threshold.lag_minutes * 60 * 4 THEN 'unhealthy'
        WHEN waiting.oldest_seconds > threshold.lag_minutes * 60 THEN 'degraded'
        ELSE 'healthy'
      END,
      format('the oldest waiting event is %s s old; limit %s s', waiting.oldest_seconds, threshold.lag_minutes * 60)
    FROM waiting, threshold
    UNION ALL
    SELECT
      2,
      'backlog',
      CASE WHEN waiting.events > threshold.backlog THEN 'degraded' ELSE 'healthy' END,
      format('%s events wait; limit %s', waiting.events, threshold.backlog)
    FROM waiting, threshold
    UNION ALL
    SELECT
      3,
      'dead_letters',
      CASE
        WHEN letters.open > 0 THEN 'degraded'
        ELSE 'healthy'
      END,
      format(
        CASE
          WHEN letters.oldest_hours > threshold.letter_hours
            THEN 'OVERDUE: a dead letter has waited %2$s h for a person, limit %3$s h; %1$s are open'
          ELSE '%1$s dead letters are open, the oldest for %2$s h; limit %3$s h'
        END,
        letters.open,
        coalesce(letters.oldest_hours, 0),
        threshold.letter_hours
      )
    FROM letters, threshold
    UNION ALL
    SELECT
      4,
      'quarantine',
      CASE WHEN quarantined.events > 0 THEN 'degraded' ELSE 'healthy' END,
      format('%s events are in quarantine', quarantined.events)
    FROM quarantined
    UNION ALL
    SELECT
      5,
      'success_ratio',
      CASE
        WHEN last_hour.failed > threshold.failure_rate * (last_hour.succeeded + last_hour.failed) THEN 'unhealthy'
        ELSE 'healthy'
      END,
      format(
        '%s of %s events of the last hour succeeded; limit %s failed',
        last_hour.succeeded,
        last_hour.succeeded + last_hour.failed,
        threshold.failure_rate
      )
    FROM last_hour, threshold
    UNION ALL
    SELECT
      heartbeat.place,
      'daemon_' || heartbeat.name,
      CASE
        WHEN heartbeat.silent_seconds <= 60 THEN 'healthy'
        ELSE heartbeat.when_silent
      END,
      CASE
        WHEN heartbeat.silent_seconds IS NULL THEN 'no ' || heartbeat.name || ' runs'
        ELSE format('last heartbeat %s s ago; limit 60 s', heartbeat.silent_seconds)
      END
    FROM heartbeat
    UNION ALL
    SELECT
      9,
      'deletion_fuse',
      CASE WHEN count(*) FILTER (WHERE fuse.state = 'blown') > 0 THEN 'degraded' ELSE 'healthy' END,
      coalesce(
        'blown: ' || string_agg(fuse.entity_type::text, ', ' ORDER BY fuse.entity_type) FILTER (WHERE fuse.state = 'blown'),
        'no deletion is held'
      )
    FROM tds_deletion_fuses AS fuse
  )
  SELECT findings.check_name, findings.status, findings.detail
  FROM findings
  ORDER BY findings.place;
$$;
