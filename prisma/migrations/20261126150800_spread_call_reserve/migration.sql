-- What is kept of the day's calls for the more urgent lanes is kept for the rest of the day only. A reserve of a fixed
-- number of calls leaves that number unused at the end of a day on which nobody needed it, so it had to be small, and a
-- first load took from the working day what that needed for itself.

CREATE OR REPLACE FUNCTION tds_admit_calls(
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
  day_kept double precision;
  frees_at timestamptz;
  next_rank integer;
  reserve_wait CONSTANT interval := interval '10 minutes';
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
  -- What is kept is for the rest of the day, so it gets less as the day goes by: in the end nothing is left over.
  day_kept := coalesce(least(per_day, budget.told_limit), 0)
    * least(1, extract(epoch FROM budget.day_ends_at - moment) / 86400);
  pace_from := greatest(budget.paced_until, moment);

  -- Wishes come with the most urgent first. Whatever stops one of them stops all that follow, so a number says who is in.
  SELECT count(*) INTO admitted
  FROM jsonb_to_recordset(wishes) AS wish (place integer, rank integer, kept numeric)
  WHERE budget.paused_until IS NULL
    AND wish.place <= least(per_minute - in_window, width - in_flight)
    AND (day_left IS NULL OR wish.place <= day_left - ceil(day_kept * wish.kept))
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

  SELECT min(wish.rank) FILTER (WHERE day_left < 1 + ceil(day_kept * wish.kept)),
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
  -- Who is only kept from the reserve gets calls again before the day ends: at so many minutes a handful at a time.
  IF day_blocked_from > 0 AND day_left > 0 THEN
    day_wait_ms := least(day_wait_ms, 1000 * extract(epoch FROM reserve_wait));
  END IF;
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

UPDATE tds_configuration
SET config_value = '0.6'
WHERE config_key = 'call_reserve_share' AND config_value = '0.2'::jsonb;
UPDATE tds_configuration
SET description = 'Share of the day''s calls to Zoho that a first load leaves, at the beginning of the day, for what is more urgent, and in proportion less as the day goes by; the lanes between leave less, in even steps.'
WHERE config_key = 'call_reserve_share';
