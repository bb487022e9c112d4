-- Runs are asked for, wait for a worker, are done one at a time for each type, and go on where they stood.

ALTER TABLE tds_sync_runs
  ADD COLUMN request jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN reason text,
  ADD COLUMN place jsonb,
  ADD COLUMN expected_rows bigint;
COMMENT ON COLUMN tds_sync_runs.mode IS 'How it read: backfill, incremental, full, since, ids; of a reconciliation its depth, index or full.';
COMMENT ON COLUMN tds_sync_runs.worker_id IS 'The daemon that carries it out; NULL while it waits for one.';
COMMENT ON COLUMN tds_sync_runs.request IS 'What was asked for beyond the mode: ids, since, repair.';
COMMENT ON COLUMN tds_sync_runs.reason IS 'Why a person asked for it.';
COMMENT ON COLUMN tds_sync_runs.place IS 'Where a walk stands that can be resumed: the next page, and when its first one was asked for.';
COMMENT ON COLUMN tds_sync_runs.expected_rows IS 'Rows that the list has at most, as found out before the walk; NULL where nobody looked.';

CREATE UNIQUE INDEX tds_sync_runs_waiting ON tds_sync_runs (organization_id, entity_type)
  WHERE status = 'running' AND worker_id IS NULL;
COMMENT ON INDEX tds_sync_runs_waiting IS 'One run of a type waits at most: who asks for the same joins it.';
CREATE INDEX tds_sync_runs_open ON tds_sync_runs (organization_id, entity_type) WHERE status = 'running';
COMMENT ON INDEX tds_sync_runs_open IS 'What is waiting or under way, which every worker asks every few seconds.';

ALTER TABLE tds_owed_reads DROP CONSTRAINT tds_owed_reads_reason_known;
ALTER TABLE tds_owed_reads ADD CONSTRAINT tds_owed_reads_reason_known CHECK (
  reason IN (
    'event', 'completing', 'repeat', 'parent', 'ripple', 'manual', 'ledger', 'reconciliation', 'incremental', 'verification', 'backfill'
  )
);
COMMENT ON COLUMN tds_owed_reads.reason IS 'Who asks: an event, an incompletely known row (completing), a second look (repeat), a child that misses it (parent), a related record that changed (ripple), a person (manual), Zoho''s list of failed webhooks (ledger), a look in turn (verification), or a run that found it in a list (incremental, backfill, reconciliation).';

INSERT INTO tds_configuration (category, config_key, config_value, value_type, description, validation_schema)
VALUES
  ('sync', 'sync.scheduled', 'true', 'boolean',
    'Whether lists are read by themselves: a first load where nothing was ever read, then what has changed.',
    '{"type": "boolean"}'),
  ('sync', 'sync.incremental_cron', '"*/15 * * * *"', 'string',
    'When the lists that tell what has changed are read, in TDS_TIME_ZONE.',
    '{"type": "string"}'),
  ('sync', 'sync.whole_list_cron', '"0 */4 * * *"', 'string',
    'When the lists are read that can only be read whole, in TDS_TIME_ZONE.',
    '{"type": "string"}');

CREATE INDEX tds_sync_runs_completed_at ON tds_sync_runs (completed_at) WHERE completed_at IS NOT NULL;
COMMENT ON INDEX tds_sync_runs_completed_at IS 'Retention: what ended first.';

INSERT INTO tds_configuration (category, config_key, config_value, value_type, description, validation_schema)
VALUES
  ('retention', 'retention.runs_days', '90', 'number',
    'Days after its end before a run is deleted; the last one of each type and mode is kept.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}');

CREATE FUNCTION tds_cleanup_old_runs(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.runs_days', 90);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT run.id
    FROM tds_sync_runs AS run
    WHERE run.completed_at < cutoff
      -- What a first load, or its being cancelled, says must be known for good.
      AND EXISTS (
        SELECT FROM tds_sync_runs AS later
        WHERE later.organization_id = run.organization_id
          AND later.entity_type IS NOT DISTINCT FROM run.entity_type
          AND later.run_type = run.run_type
          AND later.mode = run.mode
          AND later.completed_at > run.completed_at
      )
      AND NOT EXISTS (
        SELECT FROM tds_reconciliation_differences AS difference
        WHERE difference.run_id = run.id
          AND difference.settled_at IS NULL
      )
    ORDER BY run.completed_at
    LIMIT greatest(batch, 1)
    FOR UPDATE OF run SKIP LOCKED
  )
  DELETE FROM tds_sync_runs AS run
  USING old
  WHERE run.id = old.id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_runs(integer) IS 'Deletes at most one batch of runs that ended more than retention.runs_days ago and returns how many; never the last one of a type and mode, nor one whose differences are open. Call it until it returns 0.';
