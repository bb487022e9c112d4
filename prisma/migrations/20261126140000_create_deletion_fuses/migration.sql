-- The fuse over deletions: so many an hour of each type, from all causes together; the rest is held until a person releases it.

CREATE TABLE tds_deletion_fuses (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  state text NOT NULL DEFAULT 'closed',
  blown_at timestamptz,
  blows bigint NOT NULL DEFAULT 0,
  released_at timestamptz,
  released_by text,
  release_reason text,
  released_count integer,
  CONSTRAINT tds_deletion_fuses_pkey PRIMARY KEY (organization_id, entity_type),
  CONSTRAINT tds_deletion_fuses_state_known CHECK (state IN ('closed', 'blown')),
  CONSTRAINT tds_deletion_fuses_blown_when_known CHECK ((state = 'blown') = (blown_at IS NOT NULL)),
  CONSTRAINT tds_deletion_fuses_release_whole
    CHECK (num_nulls(released_at, released_by, release_reason, released_count) IN (0, 4))
);
COMMENT ON TABLE tds_deletion_fuses IS 'The fuse over deletions, one row for an organisation and type. Whoever deletes a record because the source says that it is not there holds the row locked, so that all daemons count as one.';
COMMENT ON COLUMN tds_deletion_fuses.organization_id IS 'Zoho organisation of the records.';
COMMENT ON COLUMN tds_deletion_fuses.entity_type IS 'Kind of the records.';
COMMENT ON COLUMN tds_deletion_fuses.state IS 'closed: deletions are done up to the limit of the hour. blown: every deletion is held until a person releases those held.';
COMMENT ON COLUMN tds_deletion_fuses.blown_at IS 'Since when it is blown; NULL while it is closed.';
COMMENT ON COLUMN tds_deletion_fuses.blows IS 'How many times it has blown, ever.';
COMMENT ON COLUMN tds_deletion_fuses.released_at IS 'When a person last released what was held.';
COMMENT ON COLUMN tds_deletion_fuses.released_by IS 'Who that was.';
COMMENT ON COLUMN tds_deletion_fuses.release_reason IS 'Why.';
COMMENT ON COLUMN tds_deletion_fuses.released_count IS 'How many deletions were released then.';
COMMENT ON INDEX tds_deletion_fuses_pkey IS 'The row of a type; the only way in.';

CREATE TABLE tds_deletion_counts (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  minute timestamptz NOT NULL,
  deletions integer NOT NULL,
  CONSTRAINT tds_deletion_counts_pkey PRIMARY KEY (organization_id, entity_type, minute)
);
COMMENT ON TABLE tds_deletion_counts IS 'Deletions of living records by minute, as the fuse counts them; those that a person released do not count. What is older than the hour goes when the next one is counted.';
COMMENT ON COLUMN tds_deletion_counts.organization_id IS 'Zoho organisation of the records.';
COMMENT ON COLUMN tds_deletion_counts.entity_type IS 'Kind of the records.';
COMMENT ON COLUMN tds_deletion_counts.minute IS 'The minute, by its beginning.';
COMMENT ON COLUMN tds_deletion_counts.deletions IS 'How many were done in it.';
COMMENT ON INDEX tds_deletion_counts_pkey IS 'The minutes of a type within the last hour: at most 62.';

CREATE TABLE tds_held_deletions (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  cause text COLLATE "C" NOT NULL,
  looked_at timestamptz NOT NULL,
  held_at timestamptz NOT NULL DEFAULT tds_now(),
  released_at timestamptz,
  CONSTRAINT tds_held_deletions_pkey PRIMARY KEY (organization_id, entity_type, zoho_id)
);
COMMENT ON TABLE tds_held_deletions IS 'Living records that the source did not have and that the fuse kept from being deleted. A row goes when the record is deleted after a release, or proves alive.';
COMMENT ON COLUMN tds_held_deletions.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_held_deletions.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_held_deletions.zoho_id IS 'Zoho id of the record.';
COMMENT ON COLUMN tds_held_deletions.cause IS 'What the deletion would have had as its cause in the audit trail.';
COMMENT ON COLUMN tds_held_deletions.looked_at IS 'When the source was looked at that did not have it: content that it gave out later proves the record alive.';
COMMENT ON COLUMN tds_held_deletions.held_at IS 'When it was held first.';
COMMENT ON COLUMN tds_held_deletions.released_at IS 'When a person released it: it is read again, and deleted if the source still does not have it. NULL while it is held.';
COMMENT ON INDEX tds_held_deletions_pkey IS 'Holds each record once; all of a type are shown, counted and released together.';

COMMENT ON COLUMN tds_owed_reads.held_until IS 'The source, the budget of calls or the limit of reads an hour does not allow it before: until then a new wish of the same urgency does not move due_at. infinity where the deletion fuse holds it until a person releases it.';

-- The summary tells of a blown fuse, and does not count what it holds among what waits too long.
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
        AS failure_rate
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
