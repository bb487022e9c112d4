-- A wrong secret looks like a stranger: refused deliveries may have been ours, so a rule has to see how many there were. The
-- api adds them up in memory; a stranger causes no write of their own here.

CREATE TABLE tds_webhook_refusals (
  minute timestamptz NOT NULL,
  answer smallint NOT NULL,
  reason text COLLATE "C" NOT NULL,
  daemon_id uuid NOT NULL,
  refusals bigint NOT NULL DEFAULT 0,
  CONSTRAINT tds_webhook_refusals_pkey PRIMARY KEY (minute, answer, reason, daemon_id),
  CONSTRAINT tds_webhook_refusals_answer_known CHECK (answer IN (401, 413))
);
COMMENT ON TABLE tds_webhook_refusals IS 'Deliveries refused as not authentic (401) or too large (413), one row for a minute, reason and api.';
COMMENT ON COLUMN tds_webhook_refusals.minute IS 'The minute in which they were written down: a few seconds after they were refused, or when Postgres was back.';
COMMENT ON COLUMN tds_webhook_refusals.answer IS 'HTTP status of the answer.';
COMMENT ON COLUMN tds_webhook_refusals.reason IS 'Why, as in the log and the metrics of the api.';
COMMENT ON COLUMN tds_webhook_refusals.daemon_id IS 'The api that refused them, so that apis do not wait for each other.';
COMMENT ON COLUMN tds_webhook_refusals.refusals IS 'How many.';
COMMENT ON INDEX tds_webhook_refusals_pkey IS 'Adding to a counter in place, and the last minutes of all reasons.';

CREATE FUNCTION tds_cleanup_old_webhook_refusals(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.metrics_days', 30);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT counted.minute, counted.answer, counted.reason, counted.daemon_id
    FROM tds_webhook_refusals AS counted
    WHERE counted.minute < cutoff
    ORDER BY counted.minute, counted.answer, counted.reason, counted.daemon_id
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_webhook_refusals AS counted
  USING old
  WHERE counted.minute = old.minute
    AND counted.answer = old.answer
    AND counted.reason = old.reason
    AND counted.daemon_id = old.daemon_id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_webhook_refusals(integer) IS 'Deletes at most one batch of counts of refused deliveries older than retention.metrics_days and returns how many. Call it until it returns 0.';
