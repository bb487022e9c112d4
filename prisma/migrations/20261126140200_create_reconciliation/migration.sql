-- What a reconciliation found, what became of it, and the certificates of complete runs.

CREATE TABLE tds_reconciliation_differences (
  id bigint GENERATED ALWAYS AS IDENTITY,
  run_id uuid NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  class text COLLATE "C" NOT NULL,
  probable_cause text NOT NULL,
  fields text[] NOT NULL DEFAULT '{}',
  ours jsonb,
  theirs jsonb,
  our_revision integer NOT NULL DEFAULT 0,
  our_version timestamptz,
  their_version timestamptz,
  state text COLLATE "C" NOT NULL DEFAULT 'found',
  note text,
  tries smallint NOT NULL DEFAULT 0,
  first_read_at timestamptz,
  first_answer text COLLATE "C",
  first_revision integer,
  first_deleted_at timestamptz,
  found_at timestamptz NOT NULL DEFAULT tds_now(),
  settled_at timestamptz,
  CONSTRAINT tds_reconciliation_differences_pkey PRIMARY KEY (id),
  CONSTRAINT tds_reconciliation_differences_class_known CHECK (
    class IN (
      'missing_here', 'missing_in_zoho', 'stale', 'different', 'ahead', 'damaged', 'deleted_here', 'duplicate', 'unreadable',
      'changed_meanwhile'
    )
  ),
  CONSTRAINT tds_reconciliation_differences_state_known CHECK (
    state IN ('found', 'confirming', 'held', 'repaired', 'agreed', 'left')
  ),
  CONSTRAINT tds_reconciliation_differences_settled CHECK (
    (settled_at IS NULL) = (state IN ('found', 'confirming', 'held'))
  ),
  CONSTRAINT tds_reconciliation_differences_first_whole CHECK (
    (first_read_at IS NULL) = (first_answer IS NULL)
    AND (first_read_at IS NULL) = (first_revision IS NULL)
  )
);
COMMENT ON TABLE tds_reconciliation_differences IS 'Records in which a reconciliation found the mirror to differ from Zoho, and what became of each. Values are shown only of amounts, days, numbers, flags and states, never names or texts.';
COMMENT ON COLUMN tds_reconciliation_differences.id IS 'Order in which they were found.';
COMMENT ON COLUMN tds_reconciliation_differences.run_id IS 'The run that found it.';
COMMENT ON COLUMN tds_reconciliation_differences.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_reconciliation_differences.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_reconciliation_differences.zoho_id IS 'Zoho id of the record.';
COMMENT ON COLUMN tds_reconciliation_differences.class IS 'How the two differ; docs/operations/reconciliation.md lists the classes.';
COMMENT ON COLUMN tds_reconciliation_differences.probable_cause IS 'What most likely brought it about, in words.';
COMMENT ON COLUMN tds_reconciliation_differences.fields IS 'Names of the columns that differ, as far as the list carries them; custom_fields and content_hash among them.';
COMMENT ON COLUMN tds_reconciliation_differences.ours IS 'Values of such columns here; NULL where there was no row.';
COMMENT ON COLUMN tds_reconciliation_differences.theirs IS 'The same in Zoho; NULL where Zoho did not list it.';
COMMENT ON COLUMN tds_reconciliation_differences.our_revision IS 'Count of applied changes of the row when it was compared; 0 where there was none.';
COMMENT ON COLUMN tds_reconciliation_differences.our_version IS 'Version of the row when it was compared.';
COMMENT ON COLUMN tds_reconciliation_differences.their_version IS 'Version that Zoho listed.';
COMMENT ON COLUMN tds_reconciliation_differences.state IS 'found: a read of the record is owed; confirming: one read spoke against the row and a second is owed; held: not read, because the deletion fuse allows no more; repaired: the row now is as Zoho said; agreed: it turned out to be none; left: nothing will be done about it.';
COMMENT ON COLUMN tds_reconciliation_differences.note IS 'How it ended, where state alone does not say.';
COMMENT ON COLUMN tds_reconciliation_differences.tries IS 'How often two reads were begun, because the second spoke otherwise than the first or the row moved between them.';
COMMENT ON COLUMN tds_reconciliation_differences.first_read_at IS 'When the first of two agreeing reads was sent.';
COMMENT ON COLUMN tds_reconciliation_differences.first_answer IS 'Digest of what it said.';
COMMENT ON COLUMN tds_reconciliation_differences.first_revision IS 'Count of applied changes of the row then; a correction needs the row as it was.';
COMMENT ON COLUMN tds_reconciliation_differences.first_deleted_at IS 'deleted_at of the row then.';
COMMENT ON COLUMN tds_reconciliation_differences.found_at IS 'When it was found.';
COMMENT ON COLUMN tds_reconciliation_differences.settled_at IS 'When it ended; NULL while it is open.';
COMMENT ON INDEX tds_reconciliation_differences_pkey IS 'A difference that somebody names, and pages of lists.';
CREATE UNIQUE INDEX tds_reconciliation_differences_open
  ON tds_reconciliation_differences (organization_id, entity_type, zoho_id)
  WHERE state IN ('found', 'confirming', 'held');
COMMENT ON INDEX tds_reconciliation_differences_open IS 'At most one open difference for a record; every read that is answered looks here.';
CREATE INDEX tds_reconciliation_differences_run ON tds_reconciliation_differences (run_id, state);
COMMENT ON INDEX tds_reconciliation_differences_run IS 'What a run found, and the counts of its certificate.';
CREATE INDEX tds_reconciliation_differences_settled_at
  ON tds_reconciliation_differences (settled_at)
  WHERE settled_at IS NOT NULL;
COMMENT ON INDEX tds_reconciliation_differences_settled_at IS 'Retention: what was settled first.';

CREATE TABLE tds_certificates (
  id bigint GENERATED ALWAYS AS IDENTITY,
  run_id uuid NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  depth text COLLATE "C" NOT NULL,
  compared bigint NOT NULL,
  equal bigint NOT NULL,
  different bigint NOT NULL,
  repaired bigint NOT NULL,
  "left" bigint NOT NULL,
  calls bigint NOT NULL,
  oldest_read_at timestamptz,
  never_read bigint NOT NULL,
  started_at timestamptz NOT NULL,
  issued_at timestamptz NOT NULL DEFAULT tds_now(),
  issued_by text NOT NULL,
  CONSTRAINT tds_certificates_pkey PRIMARY KEY (id),
  CONSTRAINT tds_certificates_depth_known CHECK (depth IN ('index', 'full')),
  CONSTRAINT tds_certificates_adds_up CHECK (compared = equal + different AND different = repaired + "left")
);
COMMENT ON TABLE tds_certificates IS 'What complete reconciliations found: the proof, as of a moment, of how far the mirror equals Zoho. A run that was not complete issues none.';
COMMENT ON COLUMN tds_certificates.id IS 'Order of issue.';
COMMENT ON COLUMN tds_certificates.run_id IS 'The run that compared.';
COMMENT ON COLUMN tds_certificates.organization_id IS 'Zoho organisation that was compared.';
COMMENT ON COLUMN tds_certificates.entity_type IS 'Kind of record that was compared.';
COMMENT ON COLUMN tds_certificates.depth IS 'index: ids, versions and every mapped field of the list rows, and the row hash; full: the details.';
COMMENT ON COLUMN tds_certificates.compared IS 'Records compared: those that Zoho listed and those that only the mirror had.';
COMMENT ON COLUMN tds_certificates.equal IS 'Of them equal; also those whose difference turned out to be none.';
COMMENT ON COLUMN tds_certificates.different IS 'Of them different.';
COMMENT ON COLUMN tds_certificates.repaired IS 'Of the different ones those repaired so far; grows after the issue.';
COMMENT ON COLUMN tds_certificates."left" IS 'Of the different ones those not repaired, or not yet.';
COMMENT ON COLUMN tds_certificates.calls IS 'Calls to Zoho that the run made itself; reads that it owed are not among them.';
COMMENT ON COLUMN tds_certificates.oldest_read_at IS 'Oldest detail read of a living record, among those that were ever read so; lines and other fields that lists lack are known no more recently than this.';
COMMENT ON COLUMN tds_certificates.never_read IS 'Living records whose detail was never read: known from webhooks or lists alone.';
COMMENT ON COLUMN tds_certificates.started_at IS 'When the run began.';
COMMENT ON COLUMN tds_certificates.issued_at IS 'When it ended.';
COMMENT ON COLUMN tds_certificates.issued_by IS 'Who asked for the run; schedule where nobody did.';
COMMENT ON INDEX tds_certificates_pkey IS 'Pages of lists.';
CREATE UNIQUE INDEX tds_certificates_run ON tds_certificates (run_id);
COMMENT ON INDEX tds_certificates_run IS 'The certificate whose counts move when a difference is settled.';
CREATE INDEX tds_certificates_entity ON tds_certificates (organization_id, entity_type, issued_at);
COMMENT ON INDEX tds_certificates_entity IS 'The latest certificate of a kind of record.';

CREATE TABLE tds_detail_reads (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  read_at timestamptz NOT NULL,
  CONSTRAINT tds_detail_reads_pkey PRIMARY KEY (organization_id, entity_type, zoho_id)
);
COMMENT ON TABLE tds_detail_reads IS 'When the detail of each record was last read: source_read_at of the row moves with lists and webhooks too, which do not show everything.';
COMMENT ON COLUMN tds_detail_reads.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_detail_reads.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_detail_reads.zoho_id IS 'Zoho id of the record.';
COMMENT ON COLUMN tds_detail_reads.read_at IS 'The time of the database just before the request was sent.';
COMMENT ON INDEX tds_detail_reads_pkey IS 'One row for each record.';

-- A rolling re-read of details has its own reason; patient reads of all reasons are found by one index.
ALTER TABLE tds_owed_reads DROP CONSTRAINT tds_owed_reads_reason_known;
ALTER TABLE tds_owed_reads ADD CONSTRAINT tds_owed_reads_reason_known CHECK (
  reason IN (
    'event', 'completing', 'repeat', 'parent', 'ripple', 'incremental', 'backfill', 'reconciliation', 'verification'
  )
);
COMMENT ON COLUMN tds_owed_reads.reason IS 'Who asks: an event, an incompletely known row (completing), a second look (repeat), a child that misses it (parent), a related record that changed (ripple), a run that found it in a list (incremental, backfill, reconciliation), or the turn of its detail (verification).';
DROP INDEX tds_owed_reads_patient;
CREATE INDEX tds_owed_reads_patient
  ON tds_owed_reads (due_at)
  WHERE reason IN ('reconciliation', 'incremental', 'parent', 'ripple', 'backfill', 'verification');
COMMENT ON INDEX tds_owed_reads_patient IS 'The reader of what no event waits for takes what is due, oldest first.';

INSERT INTO tds_configuration (category, config_key, config_value, value_type, description, validation_schema)
VALUES
  ('reconciliation', 'full_depth_calls_per_day', '200', 'number',
    'Calls that reading details again in turn may owe within 24 hours; 0 for none.',
    '{"type": "integer", "minimum": 0, "maximum": 100000}'),
  ('retention', 'retention.differences_days', '90', 'number',
    'Days after its end before a difference is deleted; open ones never are.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}');

CREATE FUNCTION tds_cleanup_old_differences(batch integer DEFAULT 1000) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
  cutoff timestamptz := tds_now() - tds_retention('retention.differences_days', 90);
  removed bigint;
BEGIN
  WITH old AS (
    SELECT difference.id
    FROM tds_reconciliation_differences AS difference
    WHERE difference.settled_at < cutoff
    ORDER BY difference.settled_at
    LIMIT greatest(batch, 1)
    FOR UPDATE SKIP LOCKED
  )
  DELETE FROM tds_reconciliation_differences AS difference
  USING old
  WHERE difference.id = old.id;

  GET DIAGNOSTICS removed = ROW_COUNT;
  RETURN removed;
END;
$$;
COMMENT ON FUNCTION tds_cleanup_old_differences(integer) IS 'Deletes at most one batch of differences settled more than retention.differences_days ago and returns how many; never an open one. Call it until it returns 0.';
