-- What is odd about the mirrored data, and how far the check of it has come.

CREATE TABLE tds_quality_findings (
  id bigint GENERATED ALWAYS AS IDENTITY,
  organization_id text COLLATE "C" NOT NULL,
  rule text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  entity_id text COLLATE "C",
  subject text COLLATE "C" NOT NULL,
  related_type tds_entity_type,
  related_id text COLLATE "C",
  detail jsonb NOT NULL DEFAULT '{}',
  first_seen_at timestamptz NOT NULL DEFAULT tds_now(),
  last_seen_at timestamptz NOT NULL DEFAULT tds_now(),
  times_seen integer NOT NULL DEFAULT 1,
  resolved_at timestamptz,
  CONSTRAINT tds_quality_findings_pkey PRIMARY KEY (id),
  CONSTRAINT tds_quality_findings_related_whole CHECK ((related_type IS NULL) = (related_id IS NULL))
);
COMMENT ON TABLE tds_quality_findings IS 'What a rule found odd about mirrored data, open or over. A finding blocks and changes nothing; it closes itself when its rule no longer holds against the data, and a later recurrence is a new row.';
COMMENT ON COLUMN tds_quality_findings.id IS 'Order in which the findings were first seen.';
COMMENT ON COLUMN tds_quality_findings.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_quality_findings.rule IS 'The rule that found it; docs/operations/data-quality.md lists them.';
COMMENT ON COLUMN tds_quality_findings.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_quality_findings.entity_id IS 'Zoho id of the record; NULL where the finding is about a value that several records share.';
COMMENT ON COLUMN tds_quality_findings.subject IS 'What about the record: a column, a place, a shared value. With rule and record the identity of the finding; longer than 300 bytes it is cut and ends in its MD5.';
COMMENT ON COLUMN tds_quality_findings.related_type IS 'Kind of the other record that it is about; NULL where there is none.';
COMMENT ON COLUMN tds_quality_findings.related_id IS 'Zoho id of that record.';
COMMENT ON COLUMN tds_quality_findings.detail IS 'The values as last judged: name to value, amounts as text with every digit.';
COMMENT ON COLUMN tds_quality_findings.first_seen_at IS 'When it was first seen.';
COMMENT ON COLUMN tds_quality_findings.last_seen_at IS 'When it was last seen.';
COMMENT ON COLUMN tds_quality_findings.times_seen IS 'How often it was judged and still held: at changes of the record and at each walk over the type.';
COMMENT ON COLUMN tds_quality_findings.resolved_at IS 'When it was first judged and no longer held; NULL while it is open.';
COMMENT ON INDEX tds_quality_findings_pkey IS 'A finding that somebody names.';
CREATE UNIQUE INDEX tds_quality_findings_open
  ON tds_quality_findings (rule, entity_type, organization_id, coalesce(entity_id, ''), subject)
  WHERE resolved_at IS NULL;
COMMENT ON INDEX tds_quality_findings_open IS 'One open finding per rule, record and subject: the insert itself counts the next sight. Rule first, so that the open ones of a rule are counted from the index.';
CREATE INDEX tds_quality_findings_related
  ON tds_quality_findings (organization_id, related_type, related_id)
  WHERE resolved_at IS NULL AND related_id IS NOT NULL;
COMMENT ON INDEX tds_quality_findings_related IS 'The open findings that wait for a record, when that record arrives.';
CREATE INDEX tds_quality_findings_record
  ON tds_quality_findings (organization_id, entity_type, entity_id);
COMMENT ON INDEX tds_quality_findings_record IS 'Everything ever found about one record.';

CREATE TABLE tds_quality_progress (
  id smallint NOT NULL DEFAULT 1,
  floor_position bigint,
  seen_snapshot pg_snapshot,
  horizon_position bigint,
  horizon_xact xid8,
  passed_at timestamptz,
  CONSTRAINT tds_quality_progress_pkey PRIMARY KEY (id),
  CONSTRAINT tds_quality_progress_one_row CHECK (id = 1)
);
COMMENT ON TABLE tds_quality_progress IS 'How far the audit trail has been judged; one row, which a pass holds locked, so that one worker at a time judges. A change counts as new when its transaction is not visible in seen_snapshot: exact, however late it was committed.';
COMMENT ON COLUMN tds_quality_progress.id IS 'Always 1.';
COMMENT ON COLUMN tds_quality_progress.floor_position IS 'Position of the audit trail up to which everything is visible in seen_snapshot: the next pass reads above it. NULL before the first.';
COMMENT ON COLUMN tds_quality_progress.seen_snapshot IS 'What the latest pass could see; NULL before the first.';
COMMENT ON COLUMN tds_quality_progress.horizon_position IS 'What floor_position becomes once every transaction before horizon_xact has ended.';
COMMENT ON COLUMN tds_quality_progress.horizon_xact IS 'First transaction that cannot have written at or below horizon_position.';
COMMENT ON COLUMN tds_quality_progress.passed_at IS 'When the latest pass ended.';
COMMENT ON INDEX tds_quality_progress_pkey IS 'Its one row.';
INSERT INTO tds_quality_progress DEFAULT VALUES;

CREATE TABLE tds_quality_walks (
  entity_type tds_entity_type NOT NULL,
  due_at timestamptz NOT NULL DEFAULT tds_now(),
  started_at timestamptz,
  finished_at timestamptz,
  at_organization_id text COLLATE "C",
  at_zoho_id text COLLATE "C",
  CONSTRAINT tds_quality_walks_pkey PRIMARY KEY (entity_type),
  CONSTRAINT tds_quality_walks_place_whole CHECK ((at_organization_id IS NULL) = (at_zoho_id IS NULL))
);
COMMENT ON TABLE tds_quality_walks IS 'The walks over whole types, a slice at a time: they judge what no change would bring up, for example after a rule was added.';
COMMENT ON COLUMN tds_quality_walks.entity_type IS 'The type walked over.';
COMMENT ON COLUMN tds_quality_walks.due_at IS 'When the next walk begins at the latest.';
COMMENT ON COLUMN tds_quality_walks.started_at IS 'When the latest walk began.';
COMMENT ON COLUMN tds_quality_walks.finished_at IS 'When the latest complete walk ended.';
COMMENT ON COLUMN tds_quality_walks.at_organization_id IS 'Organisation of the last record judged by the walk in progress; NULL when none is.';
COMMENT ON COLUMN tds_quality_walks.at_zoho_id IS 'Zoho id of that record.';
COMMENT ON INDEX tds_quality_walks_pkey IS 'The walk of a type.';

CREATE TABLE tds_quality_waiting (
  entity_type tds_entity_type NOT NULL,
  organization_id text COLLATE "C" NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  CONSTRAINT tds_quality_waiting_pkey PRIMARY KEY (entity_type, organization_id, zoho_id)
);
COMMENT ON TABLE tds_quality_waiting IS 'Records that changed and are judged once they are known completely: a partial body may bring a new total before its lines.';
COMMENT ON COLUMN tds_quality_waiting.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_quality_waiting.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_quality_waiting.zoho_id IS 'Zoho id of the record.';
COMMENT ON INDEX tds_quality_waiting_pkey IS 'A record waits once; each pass looks a type''s waiting records up.';

CREATE VIEW tds_v_open_quality_findings AS
SELECT
  finding.id,
  finding.rule,
  finding.organization_id,
  finding.entity_type,
  finding.entity_id,
  finding.subject,
  finding.related_type,
  finding.related_id,
  finding.detail,
  finding.first_seen_at,
  finding.last_seen_at,
  finding.times_seen,
  extract(epoch FROM tds_now() - finding.first_seen_at) AS age_seconds
FROM tds_quality_findings AS finding
WHERE finding.resolved_at IS NULL
ORDER BY finding.rule, finding.first_seen_at;
COMMENT ON VIEW tds_v_open_quality_findings IS 'What is odd about the data now, by rule, oldest first, with its age in seconds.';
