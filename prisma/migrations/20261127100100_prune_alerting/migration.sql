-- What people were told, and why not, is of use as long as the alerts it is about. Nothing goes that is active, waits for its
-- delivery, or that something still there goes by.

CREATE FUNCTION tds_cleanup_old_notifications(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.alerts_days', 180);
  removed bigint;
BEGIN
  -- One that tells instead of another stays until that one goes: else the other would be told of again.
  WITH old AS (
    SELECT notification.id
    FROM tds_notifications AS notification
    WHERE notification.created_at < cutoff
      AND notification.finished_at < cutoff
      AND NOT EXISTS (
        SELECT FROM tds_notifications AS other
        WHERE other.id = notification.fallback_of
      )
      AND NOT EXISTS (
        SELECT FROM tds_notifications AS other
        WHERE other.id = notification.merged_into
          AND other.finished_at IS NULL
      )
    ORDER BY notification.created_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_notifications AS notification
  USING old
  WHERE notification.id = old.id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_notifications(integer) IS 'Deletes at most one batch of messages delivered, merged or given up more than retention.alerts_days ago and returns how many; never one that waits. Call it until it returns 0.';

CREATE FUNCTION tds_cleanup_old_alert_timeline(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.alerts_days', 180);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT entry.position
    FROM tds_alert_timeline AS entry
    WHERE entry.at < cutoff
      AND NOT EXISTS (SELECT FROM tds_alerts AS alert WHERE alert.id = entry.alert_id)
    ORDER BY entry.at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_alert_timeline AS entry
  USING old
  WHERE entry.position = old.position;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_alert_timeline(integer) IS 'Deletes at most one batch of entries older than retention.alerts_days whose alert is gone and returns how many: a story goes as a whole, after its alert. Call it until it returns 0.';

CREATE FUNCTION tds_cleanup_old_silences(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.alerts_days', 180);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT silence.id
    FROM tds_silences AS silence
    WHERE silence.ends_at < cutoff
      AND silence.closed_at IS NOT NULL
    ORDER BY silence.ends_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_silences AS silence
  USING old
  WHERE silence.id = old.id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_silences(integer) IS 'Deletes at most one batch of silences that ended more than retention.alerts_days ago and returns how many; never one whose end nobody has noticed. Call it until it returns 0.';

CREATE FUNCTION tds_cleanup_old_alert_groups(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.alerts_days', 180);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT alert_group.group_key
    FROM tds_alert_groups AS alert_group
    WHERE alert_group.flush_at IS NULL
      AND NOT alert_group.is_open
      AND coalesce(alert_group.flushed_at, alert_group.created_at) < cutoff
      AND NOT EXISTS (
        SELECT FROM tds_alerts AS alert
        WHERE alert.group_key = alert_group.group_key
          AND alert.is_active
      )
      AND NOT EXISTS (
        SELECT FROM tds_notifications AS notification
        WHERE notification.group_key = alert_group.group_key
          AND notification.finished_at IS NULL
      )
    ORDER BY alert_group.group_key
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_alert_groups AS alert_group
  USING old
  WHERE alert_group.group_key = old.group_key;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_alert_groups(integer) IS 'Deletes at most one batch of groups in which nothing was decided for retention.alerts_days and returns how many; never one with an active alert or a message that waits. Call it until it returns 0.';

CREATE FUNCTION tds_cleanup_old_notification_log(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.alerts_days', 180);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT entry.group_key, entry.receiver
    FROM tds_notification_log AS entry
    WHERE coalesce(entry.sent_at, '-infinity') < cutoff
      AND NOT EXISTS (SELECT FROM tds_alert_groups AS alert_group WHERE alert_group.group_key = entry.group_key)
    ORDER BY entry.group_key, entry.receiver
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_notification_log AS entry
  USING old
  WHERE entry.group_key = old.group_key
    AND entry.receiver = old.receiver;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_notification_log(integer) IS 'Deletes at most one batch of what receivers were told of groups that are gone, more than retention.alerts_days ago, and returns how many. Call it until it returns 0.';
