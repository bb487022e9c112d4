-- Bulk executions, where they continue, and what became of each event.

CREATE TABLE tds_sync_runs (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  organization_id text COLLATE "C" NOT NULL,
  run_type tds_source_type NOT NULL,
  entity_type tds_entity_type,
  mode text COLLATE "C" NOT NULL DEFAULT 'incremental',
  dry_run boolean NOT NULL DEFAULT false,
  status tds_run_status NOT NULL DEFAULT 'running',
  worker_id uuid,
  requested_by text,
  read bigint NOT NULL DEFAULT 0,
  created bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  stale bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  api_calls bigint NOT NULL DEFAULT 0,
  cursor_before text,
  cursor_after text,
  started_at timestamptz NOT NULL DEFAULT tds_now(),
  completed_at timestamptz,
  duration_seconds numeric,
  configuration_snapshot jsonb,
  error_summary jsonb,
  CONSTRAINT tds_sync_runs_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE tds_sync_runs IS 'Bulk and incremental executions, with what each did.';
COMMENT ON COLUMN tds_sync_runs.id IS 'Identity of the run.';
COMMENT ON COLUMN tds_sync_runs.organization_id IS 'Zoho organisation it read.';
COMMENT ON COLUMN tds_sync_runs.run_type IS 'What brought it about.';
COMMENT ON COLUMN tds_sync_runs.entity_type IS 'Kind of record it read; NULL for all.';
COMMENT ON COLUMN tds_sync_runs.mode IS 'How it read: incremental, full, since, ids.';
COMMENT ON COLUMN tds_sync_runs.dry_run IS 'Whether it only told what it would do.';
COMMENT ON COLUMN tds_sync_runs.status IS 'How it stands.';
COMMENT ON COLUMN tds_sync_runs.worker_id IS 'The daemon that carried it out.';
COMMENT ON COLUMN tds_sync_runs.requested_by IS 'Who asked for it; NULL for a schedule.';
COMMENT ON COLUMN tds_sync_runs.read IS 'Records read from Zoho.';
COMMENT ON COLUMN tds_sync_runs.created IS 'Records created or restored here.';
COMMENT ON COLUMN tds_sync_runs.updated IS 'Records updated here.';
COMMENT ON COLUMN tds_sync_runs.unchanged IS 'Records that were the same already.';
COMMENT ON COLUMN tds_sync_runs.stale IS 'Records that were older than what is stored.';
COMMENT ON COLUMN tds_sync_runs.deleted IS 'Records found deleted.';
COMMENT ON COLUMN tds_sync_runs.failed IS 'Records that could not be read or applied.';
COMMENT ON COLUMN tds_sync_runs.api_calls IS 'Calls made to Zoho.';
COMMENT ON COLUMN tds_sync_runs.cursor_before IS 'Where it began.';
COMMENT ON COLUMN tds_sync_runs.cursor_after IS 'Where the next one continues.';
COMMENT ON COLUMN tds_sync_runs.started_at IS 'When it began.';
COMMENT ON COLUMN tds_sync_runs.completed_at IS 'When it ended.';
COMMENT ON COLUMN tds_sync_runs.duration_seconds IS 'Seconds from start to end, kept by a trigger.';
COMMENT ON COLUMN tds_sync_runs.configuration_snapshot IS 'The settings it ran with.';
COMMENT ON COLUMN tds_sync_runs.error_summary IS 'What went wrong, by kind.';
COMMENT ON INDEX tds_sync_runs_pkey IS 'The run an operator names.';
CREATE INDEX tds_sync_runs_status ON tds_sync_runs (status, started_at);
COMMENT ON INDEX tds_sync_runs_status IS 'What is running now, and the latest failures.';
CREATE INDEX tds_sync_runs_entity ON tds_sync_runs (entity_type, started_at);
COMMENT ON INDEX tds_sync_runs_entity IS 'The latest run of a kind of record.';

CREATE FUNCTION tds_calculate_run_duration() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.duration_seconds := extract(epoch FROM NEW.completed_at - NEW.started_at);
  RETURN NEW;
END;
$$;
COMMENT ON FUNCTION tds_calculate_run_duration() IS 'Trigger: keeps the duration of a sync run, in seconds, in step with its start and end.';

CREATE TRIGGER tds_sync_runs_duration
  BEFORE INSERT OR UPDATE OF started_at, completed_at ON tds_sync_runs
  FOR EACH ROW EXECUTE FUNCTION tds_calculate_run_duration();

CREATE TABLE tds_sync_cursors (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  organization_id text COLLATE "C" NOT NULL,
  source_type tds_source_type NOT NULL,
  entity_type tds_entity_type NOT NULL,
  last_sync_at timestamptz NOT NULL,
  last_entity_id text COLLATE "C",
  last_entity_version timestamptz,
  cursor_value text,
  total_synced bigint NOT NULL DEFAULT 0,
  last_sync_count bigint NOT NULL DEFAULT 0,
  last_sync_status tds_run_status NOT NULL DEFAULT 'completed',
  sync_metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT tds_now(),
  updated_at timestamptz NOT NULL DEFAULT tds_now(),
  CONSTRAINT tds_sync_cursors_pkey PRIMARY KEY (id)
);
CREATE TRIGGER tds_sync_cursors_updated
  BEFORE UPDATE ON tds_sync_cursors
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();
COMMENT ON TABLE tds_sync_cursors IS 'Where incremental reading continues, for each kind of record.';
COMMENT ON COLUMN tds_sync_cursors.id IS 'Identity of the cursor.';
COMMENT ON COLUMN tds_sync_cursors.organization_id IS 'Zoho organisation it reads.';
COMMENT ON COLUMN tds_sync_cursors.source_type IS 'What reads by it.';
COMMENT ON COLUMN tds_sync_cursors.entity_type IS 'Kind of record it reads.';
COMMENT ON COLUMN tds_sync_cursors.last_sync_at IS 'When the latest run by it ended.';
COMMENT ON COLUMN tds_sync_cursors.last_entity_id IS 'Zoho id of the last record read.';
COMMENT ON COLUMN tds_sync_cursors.last_entity_version IS 'Version of the last record read.';
COMMENT ON COLUMN tds_sync_cursors.cursor_value IS 'Where the next run continues.';
COMMENT ON COLUMN tds_sync_cursors.total_synced IS 'Records read by it so far.';
COMMENT ON COLUMN tds_sync_cursors.last_sync_count IS 'Records read by the latest run.';
COMMENT ON COLUMN tds_sync_cursors.last_sync_status IS 'How the latest run ended.';
COMMENT ON COLUMN tds_sync_cursors.sync_metadata IS 'Whatever else the reader must remember.';
COMMENT ON COLUMN tds_sync_cursors.created_at IS 'When the cursor was made.';
COMMENT ON COLUMN tds_sync_cursors.updated_at IS 'When it last moved.';
COMMENT ON INDEX tds_sync_cursors_pkey IS 'Identity only.';
CREATE UNIQUE INDEX tds_sync_cursors_entity
  ON tds_sync_cursors (organization_id, source_type, entity_type);
COMMENT ON INDEX tds_sync_cursors_entity IS 'One cursor for each reader and kind of record; every run finds its own here.';

CREATE TABLE tds_sync_logs (
  id bigint GENERATED ALWAYS AS IDENTITY,
  organization_id text COLLATE "C" NOT NULL,
  event_id uuid,
  run_id uuid,
  entity_type tds_entity_type NOT NULL,
  source_entity_id text COLLATE "C",
  operation tds_operation_type NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  attempt integer NOT NULL DEFAULT 1,
  duration_ms numeric,
  error_code text COLLATE "C",
  error_message text,
  worker_id uuid,
  detail jsonb,
  logged_at timestamptz NOT NULL DEFAULT tds_now(),
  CONSTRAINT tds_sync_logs_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE tds_sync_logs IS 'One row for every attempt at an event or at a record that a run read.';
COMMENT ON COLUMN tds_sync_logs.id IS 'Order of writing.';
COMMENT ON COLUMN tds_sync_logs.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_sync_logs.event_id IS 'The event attempted.';
COMMENT ON COLUMN tds_sync_logs.run_id IS 'The run it belongs to.';
COMMENT ON COLUMN tds_sync_logs.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_sync_logs.source_entity_id IS 'Zoho id of the record.';
COMMENT ON COLUMN tds_sync_logs.operation IS 'Operation as stated by the source.';
COMMENT ON COLUMN tds_sync_logs.outcome IS 'What came of it: applied, unchanged, stale, retry, dead_letter, quarantined, discarded, or a word of its own for a step on the way.';
COMMENT ON COLUMN tds_sync_logs.attempt IS 'Which attempt it was, counted from 1.';
COMMENT ON COLUMN tds_sync_logs.duration_ms IS 'Milliseconds spent on it; in a batch its share.';
COMMENT ON COLUMN tds_sync_logs.error_code IS 'Code of the error.';
COMMENT ON COLUMN tds_sync_logs.error_message IS 'Message of the error.';
COMMENT ON COLUMN tds_sync_logs.worker_id IS 'The daemon that made the attempt.';
COMMENT ON COLUMN tds_sync_logs.detail IS 'Whatever explains the outcome.';
COMMENT ON COLUMN tds_sync_logs.logged_at IS 'When the attempt ended.';
COMMENT ON INDEX tds_sync_logs_pkey IS 'Deleting by retention in batches.';
CREATE INDEX tds_sync_logs_logged_at ON tds_sync_logs (logged_at);
COMMENT ON INDEX tds_sync_logs_logged_at IS 'Performance of the last day, and retention.';
CREATE INDEX tds_sync_logs_record ON tds_sync_logs (entity_type, source_entity_id, logged_at);
COMMENT ON INDEX tds_sync_logs_record IS 'What was tried on one record.';
CREATE INDEX tds_sync_logs_event ON tds_sync_logs (event_id);
COMMENT ON INDEX tds_sync_logs_event IS 'The attempts at one event.';
