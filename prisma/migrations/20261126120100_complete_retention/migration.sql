-- Retention: every rule is one function here, called by the worker's duty and from psql alike.

-- A value that would delete everything must not get in. NOT VALID: rows that are there are left to tds_retention().
ALTER TABLE tds_configuration
  ADD CONSTRAINT tds_configuration_retention_in_days CHECK (
    config_key NOT LIKE 'retention.%'
    OR CASE
      WHEN jsonb_typeof(config_value) = 'number'
        THEN (config_value #>> '{}')::numeric BETWEEN 1 AND 3650
          AND (config_value #>> '{}')::numeric = trunc((config_value #>> '{}')::numeric)
      ELSE false
    END
  ) NOT VALID;

INSERT INTO tds_configuration (category, config_key, config_value, value_type, description, validation_schema)
VALUES
  ('retention', 'retention.event_counts_days', '30', 'number',
    'Days that the counters of events keep each minute; older ones are summed by day, never deleted.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}');

CREATE OR REPLACE FUNCTION tds_retention(setting text, fallback_days integer) RETURNS interval
LANGUAGE sql STABLE AS $$
  SELECT make_interval(
    days => coalesce(
      (
        SELECT
          CASE
            WHEN jsonb_typeof(configuration.config_value) <> 'number' THEN NULL
            WHEN (configuration.config_value #>> '{}')::numeric BETWEEN 1 AND 3650
              THEN trunc((configuration.config_value #>> '{}')::numeric)::integer
          END
        FROM tds_configuration AS configuration
        WHERE configuration.config_key = setting
          AND configuration.is_active
      ),
      fallback_days
    )
  );
$$;
COMMENT ON FUNCTION tds_retention(text, integer) IS 'How long something is kept: a setting in days, or the given days where it is not in force or not from 1 to 3650.';

CREATE FUNCTION tds_cleanup_old_metrics(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.metrics_days', 30);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT metric.id
    FROM tds_metrics AS metric
    WHERE metric.recorded_at < cutoff
    ORDER BY metric.recorded_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_metrics AS metric
  USING old
  WHERE metric.id = old.id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_metrics(integer) IS 'Deletes at most one batch of metrics older than retention.metrics_days and returns how many. Call it until it returns 0.';

CREATE FUNCTION tds_cleanup_old_alerts(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.alerts_days', 180);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT alert.id
    FROM tds_alerts AS alert
    WHERE alert.resolved
      AND alert.resolved_at < cutoff
    ORDER BY alert.resolved_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_alerts AS alert
  USING old
  WHERE alert.id = old.id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_alerts(integer) IS 'Deletes at most one batch of alerts resolved more than retention.alerts_days ago and returns how many; never one that is not resolved. Call it until it returns 0.';

CREATE INDEX tds_alerts_resolved ON tds_alerts (resolved_at) WHERE resolved;
COMMENT ON INDEX tds_alerts_resolved IS 'Retention: the oldest resolved alerts without reading the rest.';

-- A counter is history and never deleted: deleting the events of a day leaves what was counted of them. Only the
-- places where the daemons counted are given up: one row is left for a day and state, under no daemon.
CREATE FUNCTION tds_fold_old_event_counts(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  nobody CONSTANT uuid := '00000000-0000-0000-0000-000000000000';
  cutoff timestamptz := date_bin('1 day', tds_now() - tds_retention('retention.event_counts_days', 30), 'epoch');
  folded bigint;
BEGIN
  -- Whoever adjusts one of these rows meanwhile waits, then finds it gone and writes a row anew: a later call takes
  -- that in. Rows that somebody holds are left for later.
  WITH old AS (
    SELECT counted.minute, counted.status, counted.daemon_id, counted.lane
    FROM tds_event_counts AS counted
    WHERE counted.minute < cutoff
      AND (
        counted.daemon_id <> nobody
        OR counted.lane <> 0
        OR counted.minute <> date_bin('1 day', counted.minute, 'epoch')
      )
    ORDER BY counted.minute, counted.status, counted.daemon_id, counted.lane
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  ),
  taken AS (
    DELETE FROM tds_event_counts AS counted
    USING old
    WHERE counted.minute = old.minute
      AND counted.status = old.status
      AND counted.daemon_id = old.daemon_id
      AND counted.lane = old.lane
    RETURNING counted.minute, counted.status, counted.events
  ),
  summed AS (
    INSERT INTO tds_event_counts AS counted (minute, status, daemon_id, lane, events)
    SELECT date_bin('1 day', taken.minute, 'epoch'), taken.status, nobody, 0, sum(taken.events)
    FROM taken
    GROUP BY 1, 2
    ORDER BY 1, 2
    ON CONFLICT (minute, status, daemon_id, lane) DO UPDATE SET events = counted.events + excluded.events
  )
  SELECT count(*) INTO folded FROM taken;

  DELETE FROM tds_event_counts AS counted
  WHERE counted.minute < cutoff
    AND counted.daemon_id = nobody
    AND counted.lane = 0
    AND counted.events = 0;
  RETURN folded;
END;
$$;
COMMENT ON FUNCTION tds_fold_old_event_counts(integer) IS 'Takes at most one batch of event counters older than retention.event_counts_days into one row for each day (UTC) and state, and returns how many were taken in. Sums over minutes stay what they were. Call it until it returns 0.';

COMMENT ON COLUMN tds_event_counts.minute IS 'The minute in which the events were received; the day, in UTC, where retention.event_counts_days have passed.';
COMMENT ON COLUMN tds_event_counts.daemon_id IS 'The daemon that made the adjustments, so that daemons do not wait for each other; all zeros where days were summed.';
