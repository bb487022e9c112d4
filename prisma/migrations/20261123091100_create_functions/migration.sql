-- Upkeep and a first look, callable from psql.

CREATE FUNCTION tds_retention(setting text, fallback_days integer) RETURNS interval
LANGUAGE sql STABLE AS $$
  SELECT make_interval(
    days => coalesce(
      (
        SELECT (configuration.config_value #>> '{}')::integer
        FROM tds_configuration AS configuration
        WHERE configuration.config_key = setting
          AND configuration.is_active
      ),
      fallback_days
    )
  );
$$;
COMMENT ON FUNCTION tds_retention(text, integer) IS 'How long something is kept: a setting in days, or the given days where it is not in force.';

CREATE FUNCTION tds_cleanup_old_inbox_events(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.inbox_days', 7);
  removed bigint;
BEGIN
  WITH kept AS (
    SELECT letter.event_id
    FROM tds_dead_letter_queue AS letter
    WHERE letter.status = 'open'
    UNION
    SELECT unnest(letter.event_ids)
    FROM tds_dead_letter_queue AS letter
    WHERE letter.status = 'open'
  ),
  old AS (
    SELECT event.id
    FROM tds_inbox_events AS event
    WHERE event.status IN ('applied', 'unchanged', 'stale', 'dead_letter', 'discarded')
      AND event.processed_at < cutoff
      AND NOT EXISTS (SELECT FROM kept WHERE kept.event_id = event.id)
    ORDER BY event.processed_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_inbox_events AS event
  USING old
  WHERE event.id = old.id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_inbox_events(integer) IS 'Deletes at most one batch of final inbox events older than retention.inbox_days and returns how many; never a quarantined one, never one whose dead letter is open. Call it until it returns 0.';

CREATE FUNCTION tds_cleanup_old_sync_logs(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.logs_days', 90);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT log.id
    FROM tds_sync_logs AS log
    WHERE log.logged_at < cutoff
    ORDER BY log.logged_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_sync_logs AS log
  USING old
  WHERE log.id = old.id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_sync_logs(integer) IS 'Deletes at most one batch of sync logs older than retention.logs_days and returns how many. Call it until it returns 0.';

CREATE FUNCTION tds_get_queue_stats()
RETURNS TABLE (
  status tds_event_status,
  events bigint,
  oldest_received_at timestamptz,
  oldest_age_seconds numeric
)
LANGUAGE sql STABLE AS $$
  WITH present AS (
    SELECT event.status, count(*) AS events, min(event.received_at) AS oldest
    FROM tds_inbox_events AS event
    WHERE event.status IN ('pending', 'processing', 'retry')
    GROUP BY event.status
    UNION ALL
    SELECT event.status, count(*), min(event.received_at)
    FROM tds_inbox_events AS event
    WHERE event.status = 'quarantined'
    GROUP BY event.status
  )
  SELECT
    waiting.status,
    coalesce(present.events, 0),
    present.oldest,
    extract(epoch FROM tds_now() - present.oldest)
  FROM unnest(ARRAY['pending', 'processing', 'retry', 'quarantined']::tds_event_status[])
    WITH ORDINALITY AS waiting (status, place)
  LEFT JOIN present ON present.status = waiting.status
  ORDER BY waiting.place;
$$;
COMMENT ON FUNCTION tds_get_queue_stats() IS 'How many events wait in each state that is not final, and how long the oldest has waited, in seconds.';

CREATE FUNCTION tds_get_health_summary()
RETURNS TABLE (check_name text, status text, detail text)
LANGUAGE sql STABLE AS $$
  WITH threshold AS (
    SELECT
      coalesce(max((config_value #>> '{}')::numeric) FILTER (WHERE config_key = 'sync_lag_threshold_minutes'), 15)
        AS lag_minutes,
      coalesce(max((config_value #>> '{}')::numeric) FILTER (WHERE config_key = 'queue_backlog_threshold'), 1000)
        AS backlog,
      coalesce(max((config_value #>> '{}')::numeric) FILTER (WHERE config_key = 'failure_rate_threshold'), 0.05)
        AS failure_rate
    FROM tds_configuration
    WHERE is_active
      AND value_type = 'number'
  ),
  waiting AS (
    SELECT
      count(*) AS events,
      coalesce(round(extract(epoch FROM tds_now() - min(event.received_at))), 0) AS oldest_seconds
    FROM tds_inbox_events AS event
    WHERE event.status IN ('pending', 'processing', 'retry')
  ),
  quarantined AS (
    SELECT count(*) AS events
    FROM tds_inbox_events AS event
    WHERE event.status = 'quarantined'
  ),
  letters AS (
    SELECT count(*) AS open
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
      CASE WHEN letters.open > 0 THEN 'degraded' ELSE 'healthy' END,
      format('%s dead letters are open', letters.open)
    FROM letters
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
  )
  SELECT findings.check_name, findings.status, findings.detail
  FROM findings
  ORDER BY findings.place;
$$;
COMMENT ON FUNCTION tds_get_health_summary() IS 'How the system is, judged by outcomes: one row per check with healthy, degraded or unhealthy and the reason.';
