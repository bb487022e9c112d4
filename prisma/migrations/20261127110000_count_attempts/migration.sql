-- How many attempts of the last minutes failed is asked every quarter of a minute. Reading the log for that takes the longer
-- the more was attempted, which is when the answer matters: the statement that writes the log counts what it writes.

CREATE TABLE tds_attempt_counts (
  span timestamptz NOT NULL,
  backend integer NOT NULL,
  attempts bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  CONSTRAINT tds_attempt_counts_pkey PRIMARY KEY (span, backend),
  CONSTRAINT tds_attempt_counts_failed_are_attempts CHECK (failed >= 0 AND failed <= attempts)
) WITH (
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);
COMMENT ON TABLE tds_attempt_counts IS 'How many attempts at events ended within ten seconds and how many of them failed, counted by the statement that writes tds_sync_logs.';
COMMENT ON COLUMN tds_attempt_counts.span IS 'Beginning of the ten seconds in which the attempts ended.';
COMMENT ON COLUMN tds_attempt_counts.backend IS 'The session of Postgres that counted, so that transactions side by side never wait for each other; only sums mean something.';
COMMENT ON COLUMN tds_attempt_counts.attempts IS 'Attempts that ended. What waited for a read, a lock or a turn at Zoho was not attempted.';
COMMENT ON COLUMN tds_attempt_counts.failed IS 'Of these, the ones that failed.';
COMMENT ON INDEX tds_attempt_counts_pkey IS 'Adding to a counter in place; the span comes first because every reader asks for the last few.';

-- So that an alerter which starts with this migration does not take the last minutes for quiet.
INSERT INTO tds_attempt_counts (span, backend, attempts, failed)
SELECT date_bin('10 seconds', logged_at, 'epoch'), 0, count(*), count(*) FILTER (WHERE outcome IN ('retry', 'dead_letter'))
FROM tds_sync_logs
WHERE logged_at > tds_now() - interval '3 hours'
  AND (
    outcome IN ('applied', 'unchanged', 'stale', 'dead_letter')
    OR (
      outcome = 'retry'
      AND detail IS NULL
      AND error_code NOT IN (
        'zoho_rate_limited', 'zoho_quota_exhausted', 'zoho_budget_wait', 'zoho_circuit_open', 'zoho_token_throttled'
      )
    )
  )
GROUP BY 1;

CREATE FUNCTION tds_cleanup_old_attempt_counts(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  removed bigint;
BEGIN
  WITH old AS (
    SELECT counted.span, counted.backend
    FROM tds_attempt_counts AS counted
    WHERE counted.span < tds_now() - interval '1 day'
    ORDER BY counted.span, counted.backend
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_attempt_counts AS counted
  USING old
  WHERE counted.span = old.span
    AND counted.backend = old.backend;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_attempt_counts(integer) IS 'Deletes at most one batch of counts of attempts older than a day and returns how many: no rule looks further back than three hours, and the log itself is kept. Call it until it returns 0.';

-- The rule that fires and the summary that degrades go by one threshold over two spans.
UPDATE tds_configuration
SET description = 'Share of attempts failed above which an alert fires (within five minutes), and of events above which health degrades (within an hour).'
WHERE config_key = 'failure_rate_threshold'
  AND description = 'Share of events failed within an hour above which an alert fires.';
