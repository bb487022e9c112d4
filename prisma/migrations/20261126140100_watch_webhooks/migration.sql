-- Whether webhooks come at all, and which of them do not: what is counted, what is judged, and how far Zoho's own list of
-- failed deliveries was read.

ALTER TABLE tds_owed_reads DROP CONSTRAINT tds_owed_reads_reason_known;
ALTER TABLE tds_owed_reads ADD CONSTRAINT tds_owed_reads_reason_known CHECK (
  reason IN (
    'event', 'completing', 'repeat', 'parent', 'ripple', 'incremental', 'backfill', 'reconciliation', 'ledger'
  )
);
COMMENT ON COLUMN tds_owed_reads.reason IS 'Who asks: an event, an incompletely known row (completing), a second look (repeat), a child that misses it (parent), a related record that changed (ripple), a run that found it in a list (incremental, backfill, reconciliation), or Zoho''s list of failed webhooks (ledger).';

CREATE TABLE tds_webhook_watches (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  watched_since timestamptz NOT NULL DEFAULT tds_now(),
  last_webhook_at timestamptz,
  loaded_at timestamptz,
  last_run_at timestamptz,
  counted_at timestamptz,
  CONSTRAINT tds_webhook_watches_pkey PRIMARY KEY (organization_id, entity_type)
);
COMMENT ON TABLE tds_webhook_watches IS 'The types whose webhooks are watched, one row for an organisation and type. A type of which Zoho sends no webhooks has none.';
COMMENT ON COLUMN tds_webhook_watches.organization_id IS 'Zoho organisation.';
COMMENT ON COLUMN tds_webhook_watches.entity_type IS 'Kind of the records.';
COMMENT ON COLUMN tds_webhook_watches.watched_since IS 'When watching began. Versions from before count for nothing: nobody could have received their webhooks.';
COMMENT ON COLUMN tds_webhook_watches.last_webhook_at IS 'When the last webhook was received, to within five minutes; NULL where none ever was.';
COMMENT ON COLUMN tds_webhook_watches.loaded_at IS 'When the first run of the type was completed; NULL before.';
COMMENT ON COLUMN tds_webhook_watches.last_run_at IS 'When a run of the type was last completed; NULL before the first.';
COMMENT ON COLUMN tds_webhook_watches.counted_at IS 'When webhooks were last counted.';
COMMENT ON INDEX tds_webhook_watches_pkey IS 'The watch of a type.';

CREATE TABLE tds_webhook_counts (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  hour timestamptz NOT NULL,
  webhooks bigint NOT NULL DEFAULT 0,
  versions_told bigint NOT NULL DEFAULT 0,
  versions_hinted bigint NOT NULL DEFAULT 0,
  versions_missed bigint NOT NULL DEFAULT 0,
  CONSTRAINT tds_webhook_counts_pkey PRIMARY KEY (organization_id, entity_type, hour)
);
COMMENT ON TABLE tds_webhook_counts IS 'Webhooks and versions by type and hour: what the habit of a type and the share of missed webhooks are told from.';
COMMENT ON COLUMN tds_webhook_counts.organization_id IS 'Zoho organisation.';
COMMENT ON COLUMN tds_webhook_counts.entity_type IS 'Kind of the records.';
COMMENT ON COLUMN tds_webhook_counts.hour IS 'Beginning of the hour.';
COMMENT ON COLUMN tds_webhook_counts.webhooks IS 'Webhooks that were finished in that hour, whatever became of them.';
COMMENT ON COLUMN tds_webhook_counts.versions_told IS 'Versions that these webhooks named, each once.';
COMMENT ON COLUMN tds_webhook_counts.versions_hinted IS 'Versions first seen in that hour by a read, of which only a webhook without a version told.';
COMMENT ON COLUMN tds_webhook_counts.versions_missed IS 'Versions first seen in that hour by a read, of which no webhook told within ten minutes.';
COMMENT ON INDEX tds_webhook_counts_pkey IS 'The hours of a type, in order.';
CREATE INDEX tds_webhook_counts_hour ON tds_webhook_counts (hour);
COMMENT ON INDEX tds_webhook_counts_hour IS 'The last day of all types, and retention.';

CREATE TABLE tds_first_sights (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  version timestamptz NOT NULL,
  seen_by text COLLATE "C" NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT tds_now(),
  judged_at timestamptz,
  webhook_at timestamptz,
  CONSTRAINT tds_first_sights_pkey PRIMARY KEY (organization_id, entity_type, zoho_id, version),
  CONSTRAINT tds_first_sights_seen_by_known CHECK (
    seen_by IN ('incremental', 'reconciliation', 'ripple', 'reread', 'manual')
  ),
  CONSTRAINT tds_first_sights_webhook_is_judged CHECK (webhook_at IS NULL OR judged_at IS NOT NULL)
);
COMMENT ON TABLE tds_first_sights IS 'Versions that the mirror learnt of by a read before any webhook was applied. Ten minutes later each is judged: a webhook told of it in time, or it was missed. Versions that a webhook brought have no row.';
COMMENT ON COLUMN tds_first_sights.organization_id IS 'Zoho organisation.';
COMMENT ON COLUMN tds_first_sights.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_first_sights.zoho_id IS 'The record.';
COMMENT ON COLUMN tds_first_sights.version IS 'The version: Zoho''s last_modified_time.';
COMMENT ON COLUMN tds_first_sights.seen_by IS 'The read that saw it first: incremental, reconciliation, ripple (a look at what a change may have moved), reread (asked for by an event, by an incomplete row, by a record that names it, or by Zoho''s list of failed webhooks), manual.';
COMMENT ON COLUMN tds_first_sights.seen_at IS 'When it was first seen.';
COMMENT ON COLUMN tds_first_sights.judged_at IS 'When it was judged; NULL before.';
COMMENT ON COLUMN tds_first_sights.webhook_at IS 'When the webhook came that told of it, at most ten minutes after seen_at; NULL, once judged, where none did: then it was missed.';
COMMENT ON INDEX tds_first_sights_pkey IS 'A version is first seen once.';
CREATE INDEX tds_first_sights_open ON tds_first_sights (seen_at) WHERE judged_at IS NULL;
COMMENT ON INDEX tds_first_sights_open IS 'What waits to be judged, oldest first.';
CREATE INDEX tds_first_sights_seen_at ON tds_first_sights (seen_at);
COMMENT ON INDEX tds_first_sights_seen_at IS 'What was seen in a period, and retention.';

CREATE TABLE tds_ledger_sweeps (
  organization_id text COLLATE "C" NOT NULL,
  read_until timestamptz NOT NULL DEFAULT tds_now(),
  handled text[] COLLATE "C" NOT NULL DEFAULT '{}',
  tried_at timestamptz,
  swept_at timestamptz,
  last_error text,
  unavailable_until timestamptz,
  calls bigint NOT NULL DEFAULT 0,
  failures bigint NOT NULL DEFAULT 0,
  owed bigint NOT NULL DEFAULT 0,
  unknown_modules bigint NOT NULL DEFAULT 0,
  unreadable bigint NOT NULL DEFAULT 0,
  CONSTRAINT tds_ledger_sweeps_pkey PRIMARY KEY (organization_id)
);
COMMENT ON TABLE tds_ledger_sweeps IS 'How far Zoho''s list of failed webhooks was read, one row for an organisation.';
COMMENT ON COLUMN tds_ledger_sweeps.organization_id IS 'Zoho organisation.';
COMMENT ON COLUMN tds_ledger_sweeps.read_until IS 'The time, by Zoho''s clock, of the latest failure that was dealt with. What failed before the first sweep is left to the first load.';
COMMENT ON COLUMN tds_ledger_sweeps.handled IS 'The failures of the last minutes before read_until that were dealt with, by id and time: these minutes are read again, because an entry may show up late.';
COMMENT ON COLUMN tds_ledger_sweeps.tried_at IS 'When the list was last asked for; NULL before the first time.';
COMMENT ON COLUMN tds_ledger_sweeps.swept_at IS 'When it was last read as far as needed; NULL before the first time.';
COMMENT ON COLUMN tds_ledger_sweeps.last_error IS 'Code of the error that the last sweep ended with; NULL where it ended well.';
COMMENT ON COLUMN tds_ledger_sweeps.unavailable_until IS 'Zoho does not show us the list: it is not asked for before then. NULL or past where it does.';
COMMENT ON COLUMN tds_ledger_sweeps.calls IS 'Calls that this took so far.';
COMMENT ON COLUMN tds_ledger_sweeps.failures IS 'Failed webhooks read so far, each once.';
COMMENT ON COLUMN tds_ledger_sweeps.owed IS 'Of these, those of a record that had not been looked at since: a read was asked for.';
COMMENT ON COLUMN tds_ledger_sweeps.unknown_modules IS 'Of these, those of a kind of record that is not mirrored.';
COMMENT ON COLUMN tds_ledger_sweeps.unreadable IS 'Rows of the list that the last sweep could not read.';
COMMENT ON INDEX tds_ledger_sweeps_pkey IS 'The sweep of an organisation.';

INSERT INTO tds_configuration (category, config_key, config_value, value_type, description, validation_schema)
VALUES
  ('zoho', 'ledger_sweep_minutes', '5', 'number',
    'Minutes between two looks at Zoho''s list of failed webhooks; 0 never looks.',
    '{"type": "integer", "minimum": 0, "maximum": 1440}'),
  ('retention', 'retention.first_sights_days', '30', 'number',
    'Days that versions first seen by a read are kept.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}'),
  ('retention', 'retention.webhook_counts_days', '400', 'number',
    'Days that the counts of webhooks by the hour are kept.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}');

CREATE FUNCTION tds_cleanup_old_first_sights(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.first_sights_days', 30);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT sight.organization_id, sight.entity_type, sight.zoho_id, sight.version
    FROM tds_first_sights AS sight
    WHERE sight.seen_at < cutoff
    ORDER BY sight.seen_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_first_sights AS sight
  USING old
  WHERE sight.organization_id = old.organization_id
    AND sight.entity_type = old.entity_type
    AND sight.zoho_id = old.zoho_id
    AND sight.version = old.version;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_first_sights(integer) IS 'Deletes at most one batch of versions first seen by a read more than retention.first_sights_days ago and returns how many. Call it until it returns 0.';

CREATE FUNCTION tds_cleanup_old_webhook_counts(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.webhook_counts_days', 400);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT counted.organization_id, counted.entity_type, counted.hour
    FROM tds_webhook_counts AS counted
    WHERE counted.hour < cutoff
    ORDER BY counted.hour
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_webhook_counts AS counted
  USING old
  WHERE counted.organization_id = old.organization_id
    AND counted.entity_type = old.entity_type
    AND counted.hour = old.hour;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_webhook_counts(integer) IS 'Deletes at most one batch of counts of webhooks older than retention.webhook_counts_days and returns how many. Call it until it returns 0.';
