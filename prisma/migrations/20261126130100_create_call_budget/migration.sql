-- The calls to Zoho that all daemons together may make: one row for an organisation, whose lock is the turnstile.

CREATE TABLE tds_call_budgets (
  organization_id text COLLATE "C" NOT NULL,
  calls_per_minute integer NOT NULL,
  calls_per_day integer,
  max_in_flight integer NOT NULL,
  time_zone text COLLATE "C" NOT NULL,
  day date NOT NULL,
  day_ends_at timestamptz NOT NULL,
  day_end_told boolean NOT NULL DEFAULT false,
  day_used integer NOT NULL DEFAULT 0,
  told_limit integer,
  told_remaining integer,
  told_at timestamptz,
  paced_until timestamptz NOT NULL DEFAULT tds_now(),
  paused_until timestamptz,
  pause_code text COLLATE "C",
  narrowed_to integer,
  narrowed_until timestamptz,
  exhausted_until timestamptz,
  updated_at timestamptz NOT NULL DEFAULT tds_now(),
  CONSTRAINT tds_call_budgets_pkey PRIMARY KEY (organization_id)
) WITH (
  -- A handful of rows, each rewritten with every call: room on the page keeps the new versions there, and a vacuum of
  -- one page costs nothing.
  fillfactor = 20,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 200,
  autovacuum_vacuum_cost_delay = 0
);
COMMENT ON TABLE tds_call_budgets IS 'What may still be asked of Zoho, one row for an organisation. Whoever admits a call or notes its end holds the row locked, so that all daemons count as one.';
COMMENT ON COLUMN tds_call_budgets.organization_id IS 'Zoho organisation.';
COMMENT ON COLUMN tds_call_budgets.calls_per_minute IS 'Calls a minute, as the daemon that asked last is configured.';
COMMENT ON COLUMN tds_call_budgets.calls_per_day IS 'Calls a day, as that daemon is configured; NULL where it is not.';
COMMENT ON COLUMN tds_call_budgets.max_in_flight IS 'Calls at the same time, as that daemon is configured.';
COMMENT ON COLUMN tds_call_budgets.time_zone IS 'The zone that says when the day ends until Zoho has said it, as that daemon is configured.';
COMMENT ON COLUMN tds_call_budgets.day IS 'The day that is counted, as the configured time zone calls it.';
COMMENT ON COLUMN tds_call_budgets.day_ends_at IS 'When the day ends at Zoho: by its word where day_end_told, else midnight in the configured time zone.';
COMMENT ON COLUMN tds_call_budgets.day_end_told IS 'Whether Zoho has told when the day ends.';
COMMENT ON COLUMN tds_call_budgets.day_used IS 'Calls of ours on this day.';
COMMENT ON COLUMN tds_call_budgets.told_limit IS 'Calls a day by Zoho''s last word; NULL before the first.';
COMMENT ON COLUMN tds_call_budgets.told_remaining IS 'Calls left of this day by Zoho''s lowest word, less those admitted since: it counts all users of the organisation. NULL before the first.';
COMMENT ON COLUMN tds_call_budgets.told_at IS 'When Zoho last said a word about the day.';
COMMENT ON COLUMN tds_call_budgets.paced_until IS 'The moment up to which calls are spread evenly: every admitted call moves it on, and all lanes but the first wait for it.';
COMMENT ON COLUMN tds_call_budgets.paused_until IS 'Zoho asked us to slow down until then; NULL or past where it did not.';
COMMENT ON COLUMN tds_call_budgets.pause_code IS 'Zoho''s code for that: 43, 44 or 1070.';
COMMENT ON COLUMN tds_call_budgets.narrowed_to IS 'Calls at the same time after Zoho complained of too many.';
COMMENT ON COLUMN tds_call_budgets.narrowed_until IS 'Until when that holds.';
COMMENT ON COLUMN tds_call_budgets.exhausted_until IS 'Zoho said that the calls of the day are used up, and nobody asks before then; NULL or past where it did not.';
COMMENT ON COLUMN tds_call_budgets.updated_at IS 'When the row last changed.';
COMMENT ON INDEX tds_call_budgets_pkey IS 'The row of an organisation; the only way in.';

CREATE TABLE tds_calls (
  id uuid NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  lane text COLLATE "C" NOT NULL,
  purpose text COLLATE "C" NOT NULL,
  daemon_id uuid NOT NULL,
  started_at timestamptz NOT NULL DEFAULT tds_now(),
  expires_at timestamptz NOT NULL,
  counted_until timestamptz NOT NULL,
  ended_at timestamptz,
  status integer,
  code text COLLATE "C",
  fault text COLLATE "C",
  CONSTRAINT tds_calls_pkey PRIMARY KEY (id)
) WITH (
  -- Every row is written twice and then only waits to be summed up: vacuum soon, so that the few rows of the last minute
  -- are not looked for among dead ones.
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 500,
  autovacuum_vacuum_cost_delay = 0
);
COMMENT ON TABLE tds_calls IS 'The calls to Zoho, each from its admission on. Only the last minute decides anything; retention takes older rows into tds_call_counts.';
COMMENT ON COLUMN tds_calls.id IS 'Identity of the call, chosen by the daemon.';
COMMENT ON COLUMN tds_calls.organization_id IS 'Zoho organisation.';
COMMENT ON COLUMN tds_calls.day IS 'The day on which it counts, as the configured time zone calls it.';
COMMENT ON COLUMN tds_calls.lane IS 'What it was for: reread, repair, incremental, ripple or backfill.';
COMMENT ON COLUMN tds_calls.purpose IS 'What it was about: the type of the record.';
COMMENT ON COLUMN tds_calls.daemon_id IS 'The daemon that made it.';
COMMENT ON COLUMN tds_calls.started_at IS 'When it was admitted.';
COMMENT ON COLUMN tds_calls.expires_at IS 'From when on a call without an end no longer counts as in flight: its daemon has died.';
COMMENT ON COLUMN tds_calls.counted_until IS 'Until when it counts in the minute: 60 s from its end, because only then is it certain that Zoho has counted it; 60 s from expires_at where it has no end.';
COMMENT ON COLUMN tds_calls.ended_at IS 'When the daemon noted its end; NULL before, and for good where the daemon died.';
COMMENT ON COLUMN tds_calls.status IS 'HTTP status of the answer; NULL without one.';
COMMENT ON COLUMN tds_calls.code IS 'Zoho''s code in the answer; of a call that failed on the way our own.';
COMMENT ON COLUMN tds_calls.fault IS 'What was wrong; NULL for a success.';
COMMENT ON INDEX tds_calls_pkey IS 'A call when it ends.';
CREATE INDEX tds_calls_counted ON tds_calls (organization_id, counted_until);
COMMENT ON INDEX tds_calls_counted IS 'The calls of the last minute and those in flight, which every admission counts.';
CREATE INDEX tds_calls_started ON tds_calls (started_at);
COMMENT ON INDEX tds_calls_started IS 'Retention takes the oldest; the forecast counts the last hour.';

CREATE TABLE tds_call_waits (
  organization_id text COLLATE "C" NOT NULL,
  daemon_id uuid NOT NULL,
  lane text COLLATE "C" NOT NULL,
  rank smallint NOT NULL,
  waiting integer NOT NULL,
  expires_at timestamptz NOT NULL,
  CONSTRAINT tds_call_waits_pkey PRIMARY KEY (organization_id, daemon_id, lane)
) WITH (
  fillfactor = 20,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 200,
  autovacuum_vacuum_cost_delay = 0
);
COMMENT ON TABLE tds_call_waits IS 'Who waits for a call, so that a less urgent lane of another daemon yields. A row expires by itself unless its daemon asks again.';
COMMENT ON COLUMN tds_call_waits.organization_id IS 'Zoho organisation.';
COMMENT ON COLUMN tds_call_waits.daemon_id IS 'The daemon that waits.';
COMMENT ON COLUMN tds_call_waits.lane IS 'What the calls are for.';
COMMENT ON COLUMN tds_call_waits.rank IS 'How urgent that is; 0 is the most urgent.';
COMMENT ON COLUMN tds_call_waits.waiting IS 'How many wait there.';
COMMENT ON COLUMN tds_call_waits.expires_at IS 'From when on the row means nothing.';
COMMENT ON INDEX tds_call_waits_pkey IS 'One row for a daemon and lane; an admission reads those of its organisation.';

CREATE TABLE tds_call_counts (
  organization_id text COLLATE "C" NOT NULL,
  day date NOT NULL,
  lane text COLLATE "C" NOT NULL,
  purpose text COLLATE "C" NOT NULL,
  calls integer NOT NULL,
  faults integer NOT NULL,
  CONSTRAINT tds_call_counts_pkey PRIMARY KEY (organization_id, day, lane, purpose)
);
COMMENT ON TABLE tds_call_counts IS 'Calls to Zoho whose rows have been summed up. tds_v_calls_by_purpose adds those that have not.';
COMMENT ON COLUMN tds_call_counts.organization_id IS 'Zoho organisation.';
COMMENT ON COLUMN tds_call_counts.day IS 'The day on which they counted.';
COMMENT ON COLUMN tds_call_counts.lane IS 'What they were for.';
COMMENT ON COLUMN tds_call_counts.purpose IS 'What they were about: the type of the record.';
COMMENT ON COLUMN tds_call_counts.calls IS 'How many there were.';
COMMENT ON COLUMN tds_call_counts.faults IS 'How many of them ended in a fault, or without an end.';
COMMENT ON INDEX tds_call_counts_pkey IS 'One row for a day, lane and purpose.';
CREATE INDEX tds_call_counts_day ON tds_call_counts (day);
COMMENT ON INDEX tds_call_counts_day IS 'Retention: the oldest days without reading the rest.';

CREATE VIEW tds_v_calls_by_purpose AS
SELECT
  counted.organization_id,
  counted.day,
  counted.lane,
  counted.purpose,
  sum(counted.calls)::bigint AS calls,
  sum(counted.faults)::bigint AS faults
FROM (
  SELECT past.organization_id, past.day, past.lane, past.purpose, past.calls, past.faults
  FROM tds_call_counts AS past
  UNION ALL
  SELECT
    call.organization_id, call.day, call.lane, call.purpose, count(*)::integer,
    (count(*) FILTER (WHERE call.fault IS NOT NULL OR (call.ended_at IS NULL AND call.expires_at <= tds_now())))::integer
  FROM tds_calls AS call
  GROUP BY 1, 2, 3, 4
) AS counted
GROUP BY 1, 2, 3, 4;
COMMENT ON VIEW tds_v_calls_by_purpose IS 'How many calls to Zoho were made on which day, in which lane and about what. Calls in flight are in it.';

CREATE FUNCTION tds_next_midnight(moment timestamptz, zone text) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT ((moment AT TIME ZONE zone)::date + 1)::timestamp AT TIME ZONE zone;
$$;
COMMENT ON FUNCTION tds_next_midnight(timestamptz, text) IS 'When the local day of a moment ends. Where that midnight does not exist, the first moment after it; where it comes twice, the second.';

-- Brings the budget to the moment: a day that is over begins anew, and a limit that ends far ahead of anything that can be
-- said is left over from a clock that has been set back.
CREATE FUNCTION tds_call_budget_at(budget tds_call_budgets, moment timestamptz) RETURNS tds_call_budgets
LANGUAGE plpgsql STABLE AS $$
DECLARE
  longest_day CONSTANT interval := interval '27 hours';
  past_seconds double precision := extract(epoch FROM moment - budget.day_ends_at);
BEGIN
  IF past_seconds >= 0 OR budget.day_ends_at > moment + longest_day THEN
    -- Zoho's own midnight is a better guess for the next one than a configured zone; its first answer corrects both.
    budget.day_ends_at := CASE
      WHEN budget.day_end_told AND past_seconds >= 0
        THEN budget.day_ends_at + make_interval(hours => 24 * (floor(past_seconds / 86400)::integer + 1))
      ELSE tds_next_midnight(moment, budget.time_zone)
    END;
    budget.day_end_told := budget.day_end_told AND past_seconds >= 0;
    budget.day := ((budget.day_ends_at - interval '12 hours') AT TIME ZONE budget.time_zone)::date;
    budget.day_used := 0;
    budget.told_remaining := budget.told_limit;
    budget.exhausted_until := NULL;
  END IF;
  IF budget.exhausted_until <= moment OR budget.exhausted_until > moment + longest_day THEN
    budget.exhausted_until := NULL;
  END IF;
  IF budget.paused_until <= moment OR budget.paused_until > moment + longest_day THEN
    budget.paused_until := NULL;
    budget.pause_code := NULL;
  END IF;
  IF budget.narrowed_until <= moment OR budget.narrowed_until > moment + interval '1 hour' THEN
    budget.narrowed_to := NULL;
    budget.narrowed_until := NULL;
  END IF;
  IF budget.paced_until > moment + interval '2 minutes' THEN
    budget.paced_until := moment;
  END IF;
  RETURN budget;
END;
$$;
COMMENT ON FUNCTION tds_call_budget_at(tds_call_budgets, timestamptz) IS 'A budget as it stands at a moment: what is over is taken out, and a day that has ended begins anew.';

-- The row is locked first and read, counted and written by later statements of this function, each of which sees what was
-- committed before it got the lock. A single statement would count with a snapshot from before it waited.
CREATE FUNCTION tds_admit_calls(
  organization text,
  daemon uuid,
  terms jsonb,
  wishes jsonb,
  OUT admitted integer,
  OUT blocked_by text,
  OUT wait_ms double precision,
  OUT day_blocked_from integer,
  OUT day_wait_ms double precision
)
LANGUAGE plpgsql AS $$
DECLARE
  per_minute CONSTANT integer := (terms ->> 'perMinute')::integer;
  per_day CONSTANT integer := (terms ->> 'perDay')::integer;
  in_flight_limit CONSTANT integer := (terms ->> 'maxInFlight')::integer;
  zone CONSTANT text := terms ->> 'timeZone';
  slot CONSTANT interval := make_interval(secs => (terms ->> 'slotSeconds')::double precision);
  slack CONSTANT interval := make_interval(secs => (terms ->> 'paceSlackSeconds')::double precision);
  waits_for CONSTANT interval := make_interval(secs => (terms ->> 'waitSeconds')::double precision);
  step CONSTANT interval := make_interval(secs => 60.0 / per_minute);
  stored tds_call_budgets;
  budget tds_call_budgets;
  moment timestamptz;
  pace_from timestamptz;
  in_window integer;
  in_flight integer;
  urgent integer;
  width integer;
  day_left integer;
  day_size integer;
  frees_at timestamptz;
  next_rank integer;
BEGIN
  SELECT * INTO stored FROM tds_call_budgets AS b WHERE b.organization_id = organization FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO tds_call_budgets (
      organization_id, calls_per_minute, calls_per_day, max_in_flight, time_zone, day, day_ends_at
    )
    VALUES (
      organization, per_minute, per_day, in_flight_limit, zone,
      (tds_now() AT TIME ZONE zone)::date, tds_next_midnight(tds_now(), zone)
    )
    ON CONFLICT (organization_id) DO NOTHING;
    SELECT * INTO stored FROM tds_call_budgets AS b WHERE b.organization_id = organization FOR UPDATE;
  END IF;
  moment := tds_now();
  budget := stored;
  budget.calls_per_minute := per_minute;
  budget.calls_per_day := per_day;
  budget.max_in_flight := in_flight_limit;
  budget.time_zone := zone;
  budget := tds_call_budget_at(budget, moment);

  -- What counts further ahead than any call can is left over from a clock that has been set back.
  SELECT count(*), count(*) FILTER (WHERE c.ended_at IS NULL AND c.expires_at > moment)
  INTO in_window, in_flight
  FROM tds_calls AS c
  WHERE c.organization_id = organization
    AND c.counted_until > moment
    AND c.counted_until < moment + slot + interval '2 minutes';
  SELECT min(w.rank) INTO urgent
  FROM tds_call_waits AS w
  WHERE w.organization_id = organization
    AND w.daemon_id <> daemon
    AND w.expires_at > moment
    AND w.expires_at <= moment + 2 * waits_for;
  width := least(in_flight_limit, budget.narrowed_to);
  day_left := CASE
    WHEN budget.exhausted_until IS NOT NULL THEN 0
    ELSE least(per_day - budget.day_used, budget.told_remaining)
  END;
  day_size := coalesce(least(per_day, budget.told_limit), 0);
  pace_from := greatest(budget.paced_until, moment);

  -- Wishes come with the most urgent first. Whatever stops one of them stops all that follow, so a number says who is in.
  SELECT count(*) INTO admitted
  FROM jsonb_to_recordset(wishes) AS wish (place integer, rank integer, kept numeric)
  WHERE budget.paused_until IS NULL
    AND wish.place <= least(per_minute - in_window, width - in_flight)
    AND (day_left IS NULL OR wish.place <= day_left - ceil(day_size * wish.kept))
    AND wish.rank <= coalesce(urgent, wish.rank)
    AND (wish.rank = 0 OR pace_from + (wish.place - 1) * step - slack <= moment);

  INSERT INTO tds_calls (id, organization_id, day, lane, purpose, daemon_id, started_at, expires_at, counted_until)
  SELECT
    wish.id, organization, budget.day, wish.lane, wish.purpose, daemon,
    moment, moment + slot, moment + slot + interval '60 seconds'
  FROM jsonb_to_recordset(wishes) AS wish (place integer, id uuid, lane text, purpose text)
  WHERE wish.place <= admitted;
  IF admitted > 0 THEN
    budget.day_used := budget.day_used + admitted;
    budget.told_remaining := budget.told_remaining - admitted;
    budget.paced_until := pace_from + admitted * step;
    day_left := day_left - admitted;
  END IF;
  IF budget IS DISTINCT FROM stored THEN
    UPDATE tds_call_budgets AS b
    SET calls_per_minute = budget.calls_per_minute, calls_per_day = budget.calls_per_day,
        max_in_flight = budget.max_in_flight, time_zone = budget.time_zone, day = budget.day, day_ends_at = budget.day_ends_at,
        day_end_told = budget.day_end_told, day_used = budget.day_used, told_remaining = budget.told_remaining,
        paced_until = budget.paced_until, paused_until = budget.paused_until, pause_code = budget.pause_code,
        narrowed_to = budget.narrowed_to, narrowed_until = budget.narrowed_until,
        exhausted_until = budget.exhausted_until, updated_at = moment
    WHERE b.organization_id = organization;
  END IF;

  SELECT min(wish.rank) FILTER (WHERE day_left < 1 + ceil(day_size * wish.kept)),
         min(wish.rank)
  INTO day_blocked_from, next_rank
  FROM jsonb_to_recordset(wishes) AS wish (place integer, rank integer, kept numeric)
  WHERE wish.place > admitted;

  WITH still AS (
    SELECT wish.lane, wish.rank, count(*)::integer AS waiting
    FROM jsonb_to_recordset(wishes) AS wish (place integer, rank integer, lane text)
    WHERE wish.place > admitted
      AND wish.rank < coalesce(day_blocked_from, wish.rank + 1)
    GROUP BY 1, 2
  ),
  served AS (
    DELETE FROM tds_call_waits AS w
    WHERE w.organization_id = organization
      AND (
        w.expires_at <= moment
        OR (w.daemon_id = daemon AND NOT EXISTS (SELECT FROM still WHERE still.lane = w.lane))
      )
  )
  INSERT INTO tds_call_waits AS w (organization_id, daemon_id, lane, rank, waiting, expires_at)
  SELECT organization, daemon, still.lane, still.rank, still.waiting, moment + waits_for
  FROM still
  ON CONFLICT (organization_id, daemon_id, lane) DO UPDATE
  SET rank = excluded.rank, waiting = excluded.waiting, expires_at = excluded.expires_at;

  IF next_rank IS NULL THEN
    RETURN;
  END IF;
  day_wait_ms := 1000 * extract(epoch FROM coalesce(budget.exhausted_until, budget.day_ends_at) - moment);
  IF next_rank >= day_blocked_from THEN
    blocked_by := 'day';
    wait_ms := day_wait_ms;
  ELSIF budget.paused_until IS NOT NULL THEN
    blocked_by := 'pause';
    wait_ms := 1000 * extract(epoch FROM budget.paused_until - moment);
  ELSIF in_window + admitted >= per_minute THEN
    blocked_by := 'minute';
    SELECT c.counted_until INTO frees_at
    FROM tds_calls AS c
    WHERE c.organization_id = organization
      AND c.counted_until > moment
      AND c.counted_until < moment + slot + interval '2 minutes'
    ORDER BY c.counted_until
    OFFSET in_window + admitted - per_minute
    LIMIT 1;
    wait_ms := 1000 * extract(epoch FROM frees_at - moment);
  ELSIF in_flight + admitted >= width THEN
    blocked_by := 'in_flight';
  ELSIF next_rank > urgent THEN
    blocked_by := 'lane';
  ELSE
    blocked_by := 'pace';
    wait_ms := 1000 * extract(epoch FROM budget.paced_until - slack - moment);
  END IF;
END;
$$;
COMMENT ON FUNCTION tds_admit_calls(text, uuid, jsonb, jsonb) IS 'Admits as many of the wished calls as the budget of the organisation allows, the most urgent first, and says what holds the next one up and for how long.';

CREATE FUNCTION tds_finish_call(organization text, call uuid, outcome jsonb) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  -- The header counts whole seconds: two more, and the day never begins anew for us before it does for Zoho.
  told_seconds CONSTANT double precision := (outcome ->> 'resetSeconds')::double precision + 2;
  told_left integer := (outcome ->> 'remaining')::integer;
  asked_wait CONSTANT interval := make_interval(secs => (outcome ->> 'retryAfterMs')::double precision / 1000);
  stored tds_call_budgets;
  budget tds_call_budgets;
  moment timestamptz;
  began_at timestamptz;
  told_end timestamptz;
  beside integer;
BEGIN
  SELECT * INTO stored FROM tds_call_budgets AS b WHERE b.organization_id = organization FOR UPDATE;
  moment := tds_now();
  UPDATE tds_calls AS c
  SET ended_at = moment, counted_until = moment + interval '60 seconds',
      status = (outcome ->> 'status')::integer, code = outcome ->> 'code', fault = outcome ->> 'fault'
  WHERE c.id = call AND c.ended_at IS NULL
  RETURNING c.started_at INTO began_at;
  IF began_at IS NULL OR stored.organization_id IS NULL THEN
    RETURN;
  END IF;
  budget := tds_call_budget_at(stored, moment);

  told_end := moment + make_interval(secs => told_seconds);
  -- An answer of yesterday that comes late says nothing about today.
  IF told_left IS NOT NULL AND NOT (budget.day_end_told AND told_end < budget.day_ends_at - interval '12 hours') THEN
    -- What was under way beside it may have been counted after its header was written.
    SELECT count(*) INTO beside
    FROM tds_calls AS c
    WHERE c.organization_id = organization
      AND c.id <> call
      AND c.counted_until > began_at + interval '60 seconds';
    told_left := greatest(0, told_left - beside);
    IF budget.day_end_told AND told_end > budget.day_ends_at + interval '12 hours' THEN
      budget.day_used := 1 + beside;
      budget.told_remaining := told_left;
      budget.exhausted_until := NULL;
    ELSE
      budget.told_remaining := least(budget.told_remaining, told_left);
    END IF;
    budget.told_limit := (outcome ->> 'limit')::integer;
    budget.told_at := moment;
    budget.day_ends_at := told_end;
    budget.day_end_told := true;
    budget.day := ((told_end - interval '12 hours') AT TIME ZONE budget.time_zone)::date;
  END IF;

  IF outcome ->> 'fault' = 'rate' THEN
    budget.paused_until := greatest(budget.paused_until, moment + coalesce(asked_wait, interval '1 minute'));
    budget.pause_code := outcome ->> 'code';
    IF budget.pause_code = '1070' THEN
      budget.narrowed_to := greatest(1, least(budget.max_in_flight, budget.narrowed_to) - 1);
      budget.narrowed_until := moment + interval '5 minutes';
    END IF;
  ELSIF outcome ->> 'fault' = 'quota' THEN
    -- Where Zoho has never told when its day ends, the configured zone may be wrong by hours: ask again in between.
    budget.exhausted_until := CASE
      WHEN budget.day_end_told THEN budget.day_ends_at
      ELSE least(budget.day_ends_at, moment + coalesce(asked_wait, interval '1 hour'))
    END;
  END IF;

  IF budget IS DISTINCT FROM stored THEN
    UPDATE tds_call_budgets AS b
    SET day = budget.day, day_ends_at = budget.day_ends_at, day_end_told = budget.day_end_told,
        day_used = budget.day_used, told_limit = budget.told_limit, told_remaining = budget.told_remaining,
        told_at = budget.told_at, paused_until = budget.paused_until, pause_code = budget.pause_code,
        narrowed_to = budget.narrowed_to, narrowed_until = budget.narrowed_until,
        exhausted_until = budget.exhausted_until, updated_at = moment
    WHERE b.organization_id = organization;
  END IF;
END;
$$;
COMMENT ON FUNCTION tds_finish_call(text, uuid, jsonb) IS 'Notes how a call ended, and what Zoho said with it about the day, the pace and the number in flight.';

CREATE FUNCTION tds_release_call(organization text, call uuid) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  counted_on date;
BEGIN
  -- In the order in which everybody locks: the budget first.
  PERFORM FROM tds_call_budgets AS b WHERE b.organization_id = organization FOR UPDATE;
  DELETE FROM tds_calls AS c WHERE c.id = call AND c.ended_at IS NULL RETURNING c.day INTO counted_on;
  UPDATE tds_call_budgets AS b
  SET day_used = greatest(0, b.day_used - 1), told_remaining = b.told_remaining + 1,
      paced_until = b.paced_until - make_interval(secs => 60.0 / b.calls_per_minute), updated_at = tds_now()
  WHERE b.organization_id = organization AND b.day = counted_on;
END;
$$;
COMMENT ON FUNCTION tds_release_call(text, uuid) IS 'Gives the right to a call back that was not made.';

INSERT INTO tds_configuration (category, config_key, config_value, value_type, description, validation_schema)
VALUES
  ('zoho', 'call_reserve_share', '0.2', 'number',
    'Share of the day''s calls to Zoho that a first load leaves for what is more urgent; the lanes between leave less, in even steps.',
    '{"type": "number", "minimum": 0, "maximum": 0.9}'),
  ('retention', 'retention.calls_days', '2', 'number',
    'Days that each call to Zoho is kept; then it is summed up by day, lane and purpose.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}'),
  ('retention', 'retention.call_counts_days', '400', 'number',
    'Days that the sums of calls to Zoho are kept.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}');

CREATE FUNCTION tds_fold_old_calls(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.calls_days', 2);
  folded bigint;
BEGIN
  WITH old AS (
    SELECT call.id
    FROM tds_calls AS call
    WHERE call.started_at < cutoff
    ORDER BY call.started_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  ),
  taken AS (
    DELETE FROM tds_calls AS call
    USING old
    WHERE call.id = old.id
    RETURNING call.organization_id, call.day, call.lane, call.purpose, call.ended_at, call.fault
  ),
  summed AS (
    INSERT INTO tds_call_counts AS counted (organization_id, day, lane, purpose, calls, faults)
    SELECT
      taken.organization_id, taken.day, taken.lane, taken.purpose, count(*),
      count(*) FILTER (WHERE taken.ended_at IS NULL OR taken.fault IS NOT NULL)
    FROM taken
    GROUP BY 1, 2, 3, 4
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (organization_id, day, lane, purpose) DO UPDATE
    SET calls = counted.calls + excluded.calls, faults = counted.faults + excluded.faults
  )
  SELECT count(*) INTO folded FROM taken;
  RETURN folded;
END;
$$;
COMMENT ON FUNCTION tds_fold_old_calls(integer) IS 'Takes at most one batch of calls older than retention.calls_days into tds_call_counts and returns how many. What tds_v_calls_by_purpose says stays the same. Call it until it returns 0.';

CREATE FUNCTION tds_cleanup_old_call_counts(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff date := (tds_now() - tds_retention('retention.call_counts_days', 400))::date;
  removed bigint;
BEGIN
  WITH old AS (
    SELECT counted.organization_id, counted.day, counted.lane, counted.purpose
    FROM tds_call_counts AS counted
    WHERE counted.day < cutoff
    ORDER BY counted.day
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_call_counts AS counted
  USING old
  WHERE counted.organization_id = old.organization_id
    AND counted.day = old.day
    AND counted.lane = old.lane
    AND counted.purpose = old.purpose;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_call_counts(integer) IS 'Deletes at most one batch of sums of calls older than retention.call_counts_days and returns how many. Call it until it returns 0.';
