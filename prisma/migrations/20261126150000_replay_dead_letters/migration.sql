-- Dead letters are found, replayed, edited and discarded; what acts on many of them is an operation with a frozen selection.

ALTER TABLE tds_dead_letter_queue
  ADD COLUMN source_type tds_source_type,
  ADD COLUMN idempotency_key text COLLATE "C",
  ADD COLUMN content_hash text COLLATE "C";
COMMENT ON COLUMN tds_dead_letter_queue.source_type IS 'How the newest event came in; NULL in letters older than this column.';
COMMENT ON COLUMN tds_dead_letter_queue.idempotency_key IS 'Idempotency key of the newest event, so that its row can be made again as it was.';
COMMENT ON COLUMN tds_dead_letter_queue.content_hash IS 'Delivery hash of the newest event.';
COMMENT ON COLUMN tds_dead_letter_queue.status IS 'open, or how it was settled: replayed (its events ended well), discarded (by a person), resolved (superseded by an edited event, or by another letter).';

CREATE INDEX tds_dead_letter_queue_open_events ON tds_dead_letter_queue USING gin (event_ids) WHERE status = 'open';
COMMENT ON INDEX tds_dead_letter_queue_open_events IS 'The open letter of an event.';

CREATE TABLE tds_operations (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  organization_id text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  status text COLLATE "C" NOT NULL DEFAULT 'running',
  requested_by text NOT NULL,
  reason text,
  via text COLLATE "C" NOT NULL,
  cause text COLLATE "C",
  filter jsonb NOT NULL DEFAULT '{}',
  rate_per_second integer NOT NULL,
  stop_on_error_percent integer NOT NULL,
  status_note text,
  started_at timestamptz NOT NULL DEFAULT tds_now(),
  changed_at timestamptz NOT NULL DEFAULT tds_now(),
  completed_at timestamptz,
  CONSTRAINT tds_operations_pkey PRIMARY KEY (id),
  CONSTRAINT tds_operations_kind_known CHECK (kind IN ('replay')),
  CONSTRAINT tds_operations_status_known CHECK (status IN ('running', 'stopped', 'aborted', 'completed')),
  CONSTRAINT tds_operations_completed_when_over CHECK ((completed_at IS NOT NULL) = (status = 'completed')),
  CONSTRAINT tds_operations_rate_range CHECK (rate_per_second BETWEEN 1 AND 1000),
  CONSTRAINT tds_operations_stop_range CHECK (stop_on_error_percent BETWEEN 1 AND 100)
);
COMMENT ON TABLE tds_operations IS 'Work on many things at once, with who asked for it and why. What it acts on is frozen in tds_operation_items.';
COMMENT ON COLUMN tds_operations.id IS 'Identity of the operation.';
COMMENT ON COLUMN tds_operations.organization_id IS 'Zoho organisation that it is about.';
COMMENT ON COLUMN tds_operations.kind IS 'What it does: replay.';
COMMENT ON COLUMN tds_operations.status IS 'running: a worker does it. stopped: too much failed. aborted: a person stopped it. completed: every item has an outcome. A stopped or aborted one can be resumed.';
COMMENT ON COLUMN tds_operations.requested_by IS 'Who asked; system where a cause was gone.';
COMMENT ON COLUMN tds_operations.reason IS 'Why.';
COMMENT ON COLUMN tds_operations.via IS 'The way in: cli-direct, worker.';
COMMENT ON COLUMN tds_operations.cause IS 'The event that let the system ask, for example a circuit that closed; NULL where a person asked.';
COMMENT ON COLUMN tds_operations.filter IS 'What was chosen, in the words of the request.';
COMMENT ON COLUMN tds_operations.rate_per_second IS 'Items that are begun in a second at most.';
COMMENT ON COLUMN tds_operations.stop_on_error_percent IS 'It stops by itself when so many percent of at least ten finished items have failed; 100 never stops.';
COMMENT ON COLUMN tds_operations.status_note IS 'Why it stopped, or who aborted or resumed it.';
COMMENT ON COLUMN tds_operations.started_at IS 'When it was asked for.';
COMMENT ON COLUMN tds_operations.changed_at IS 'When its status last changed.';
COMMENT ON COLUMN tds_operations.completed_at IS 'When the last item got its outcome.';
COMMENT ON INDEX tds_operations_pkey IS 'The operation a person names.';
CREATE UNIQUE INDEX tds_operations_cause ON tds_operations (cause) WHERE cause IS NOT NULL;
COMMENT ON INDEX tds_operations_cause IS 'One operation for each cause: two workers that see the same one ask once.';
CREATE INDEX tds_operations_started_at ON tds_operations (started_at, id);
COMMENT ON INDEX tds_operations_started_at IS 'The operations, newest first.';
CREATE INDEX tds_operations_running ON tds_operations (started_at) WHERE status <> 'completed';
COMMENT ON INDEX tds_operations_running IS 'What is under way or stopped, which the worker asks every second.';

CREATE TABLE tds_operation_items (
  operation_id uuid NOT NULL,
  place integer NOT NULL,
  dead_letter_id uuid NOT NULL,
  event_ids uuid[] NOT NULL DEFAULT '{}',
  predicted text COLLATE "C" NOT NULL,
  predicted_fields text[] NOT NULL DEFAULT '{}',
  predicted_calls smallint NOT NULL DEFAULT 0,
  state text COLLATE "C" NOT NULL DEFAULT 'waiting',
  outcome text COLLATE "C",
  detail text,
  queued_at timestamptz,
  done_at timestamptz,
  CONSTRAINT tds_operation_items_pkey PRIMARY KEY (operation_id, place),
  CONSTRAINT tds_operation_items_letter_once UNIQUE (operation_id, dead_letter_id),
  CONSTRAINT tds_operation_items_state_known CHECK (state IN ('waiting', 'queued', 'done')),
  CONSTRAINT tds_operation_items_outcome_when_done CHECK ((outcome IS NOT NULL) = (state = 'done'))
);
COMMENT ON TABLE tds_operation_items IS 'What an operation acts on, in its order: chosen once and never changed, so that the outcomes add up to the selection.';
COMMENT ON COLUMN tds_operation_items.operation_id IS 'The operation.';
COMMENT ON COLUMN tds_operation_items.place IS 'Place in the order, from 1: the records by their oldest letter, the letters of a record together.';
COMMENT ON COLUMN tds_operation_items.dead_letter_id IS 'The dead letter.';
COMMENT ON COLUMN tds_operation_items.event_ids IS 'The events that were given to the worker again.';
COMMENT ON COLUMN tds_operation_items.predicted IS 'What the preview said: applied, unchanged, stale, reread, failed, untried.';
COMMENT ON COLUMN tds_operation_items.predicted_fields IS 'The columns that the preview saw changing.';
COMMENT ON COLUMN tds_operation_items.predicted_calls IS 'Calls to Zoho that the preview expected.';
COMMENT ON COLUMN tds_operation_items.state IS 'waiting, queued (given to the worker, which has not ended it yet), done.';
COMMENT ON COLUMN tds_operation_items.outcome IS 'What came of it: applied, unchanged, stale, failed, settled (somebody was faster), busy (it is being processed), skipped.';
COMMENT ON COLUMN tds_operation_items.detail IS 'More about the outcome, in one sentence.';
COMMENT ON COLUMN tds_operation_items.queued_at IS 'When it was given to the worker.';
COMMENT ON COLUMN tds_operation_items.done_at IS 'When its outcome was known.';
COMMENT ON INDEX tds_operation_items_pkey IS 'The items of an operation in their order.';
COMMENT ON INDEX tds_operation_items_letter_once IS 'A letter stands in an operation once.';
CREATE INDEX tds_operation_items_letter ON tds_operation_items (dead_letter_id);
COMMENT ON INDEX tds_operation_items_letter IS 'The replays of one letter.';
CREATE INDEX tds_operation_items_open ON tds_operation_items (operation_id, state, place) WHERE state <> 'done';
COMMENT ON INDEX tds_operation_items_open IS 'What is still to do of an operation.';

INSERT INTO tds_configuration (category, config_key, config_value, value_type, description, validation_schema)
VALUES
  ('alerts', 'dead_letter_age_hours', '24', 'number',
    'Age of the oldest open dead letter above which health is unhealthy, in hours.',
    '{"type": "integer", "minimum": 1, "maximum": 8760}'),
  ('sync', 'replay.heals', 'true', 'boolean',
    'Whether dead letters of a class are replayed by themselves when its cause is gone.',
    '{"type": "boolean"}'),
  ('sync', 'replay.rate_per_second', '10', 'number',
    'Dead letters that a replay begins in a second where nobody said otherwise.',
    '{"type": "integer", "minimum": 1, "maximum": 1000}');

-- The summary tells how old the oldest dead letter is.
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
        WHEN letters.oldest_hours > threshold.letter_hours THEN 'unhealthy'
        WHEN letters.open > 0 THEN 'degraded'
        ELSE 'healthy'
      END,
      format(
        '%s dead letters are open, the oldest for %s h; limit %s h',
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
