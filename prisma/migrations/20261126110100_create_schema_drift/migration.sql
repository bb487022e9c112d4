-- Where the bodies that Zoho sends differ from the ones that the definitions know.

CREATE TABLE tds_schema_drift (
  entity_type tds_entity_type NOT NULL,
  shape text COLLATE "C" NOT NULL,
  path text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  json_type text COLLATE "C" NOT NULL,
  first_seen_at timestamptz NOT NULL DEFAULT tds_now(),
  last_seen_at timestamptz NOT NULL DEFAULT tds_now(),
  times_seen bigint NOT NULL DEFAULT 1,
  sample text,
  acknowledged_at timestamptz,
  acknowledged_by text,
  CONSTRAINT tds_schema_drift_pkey PRIMARY KEY (entity_type, shape, path, kind, json_type),
  CONSTRAINT tds_schema_drift_shape_known CHECK (shape IN ('detail', 'list', 'webhook')),
  CONSTRAINT tds_schema_drift_kind_known CHECK (kind IN ('unknown', 'missing', 'retyped', 'overflow'))
);
COMMENT ON TABLE tds_schema_drift IS 'Fields of incoming bodies that the definitions do not know, miss, or expect with another type. Nothing is lost meanwhile: raw keeps them. At most 500 rows for each type of record; what is beyond is counted in its overflow row.';
COMMENT ON COLUMN tds_schema_drift.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_schema_drift.shape IS 'Where the body came from: a detail answer, a list row, a webhook.';
COMMENT ON COLUMN tds_schema_drift.path IS 'The field: a key of the record, or list[].key for a row within it; cut at 200 characters.';
COMMENT ON COLUMN tds_schema_drift.kind IS 'unknown: no mapping and no example has it; missing: a mapped field that a detail lacks; retyped: another JSON type than the column reads; overflow: a count of what is not listed.';
COMMENT ON COLUMN tds_schema_drift.json_type IS 'Type of the value that came: string, number, boolean, array, object; null for a blank, absent for a missing field.';
COMMENT ON COLUMN tds_schema_drift.first_seen_at IS 'When it was first seen, to within the seconds between two writes.';
COMMENT ON COLUMN tds_schema_drift.last_seen_at IS 'When it was last seen, to within the seconds between two writes.';
COMMENT ON COLUMN tds_schema_drift.times_seen IS 'How often it was seen: once for each body, or row of a body, each time that it was read.';
COMMENT ON COLUMN tds_schema_drift.sample IS 'A value that came, as JSON, cut at 200 characters; may be personal data. NULL where nothing came.';
COMMENT ON COLUMN tds_schema_drift.acknowledged_at IS 'When a person said that it is known and needs nothing.';
COMMENT ON COLUMN tds_schema_drift.acknowledged_by IS 'That person.';
COMMENT ON INDEX tds_schema_drift_pkey IS 'One row for each field, shape and type: the insert itself counts the next sight.';

CREATE VIEW tds_v_open_schema_drift AS
SELECT
  drift.entity_type,
  drift.shape,
  drift.path,
  drift.kind,
  drift.json_type,
  drift.times_seen,
  drift.first_seen_at,
  drift.last_seen_at,
  drift.sample
FROM tds_schema_drift AS drift
WHERE drift.acknowledged_at IS NULL
ORDER BY drift.last_seen_at DESC, drift.entity_type, drift.path;
COMMENT ON VIEW tds_v_open_schema_drift IS 'The fields that came otherwise than the definitions say and that nobody has acknowledged, latest first.';
