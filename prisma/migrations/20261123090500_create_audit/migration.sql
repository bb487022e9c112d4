-- What changed, why, and what people did: written once, never edited.

CREATE FUNCTION tds_refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege',
      HINT = 'Write a new row that says what is true now.';
END;
$$;
COMMENT ON FUNCTION tds_refuse_change() IS 'Trigger: refuses every change of an append-only table, for its owner too.';

CREATE TABLE tds_audit_trail (
  position bigint GENERATED ALWAYS AS IDENTITY,
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  entity_id text COLLATE "C" NOT NULL,
  operation tds_change_operation NOT NULL,
  before jsonb,
  after jsonb,
  changed_fields text[] NOT NULL DEFAULT '{}',
  cause tds_change_cause NOT NULL,
  event_id uuid,
  run_id uuid,
  actor text,
  reason text,
  changed_at timestamptz NOT NULL DEFAULT tds_now(),
  request_id text COLLATE "C",
  xact_id xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT tds_audit_trail_pkey PRIMARY KEY (position)
);
COMMENT ON TABLE tds_audit_trail IS 'One entry for every change of a mirrored record. Append-only; its order is the change feed.';
COMMENT ON COLUMN tds_audit_trail.position IS 'Place in the trail; grows with time, may have gaps.';
COMMENT ON COLUMN tds_audit_trail.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_audit_trail.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_audit_trail.entity_id IS 'Zoho id of the record.';
COMMENT ON COLUMN tds_audit_trail.operation IS 'What was done.';
COMMENT ON COLUMN tds_audit_trail.before IS 'The row before: column name to value, numbers as text, lines under "lines"; NULL for a created record.';
COMMENT ON COLUMN tds_audit_trail.after IS 'The row after, in the same form; NULL where nothing is left.';
COMMENT ON COLUMN tds_audit_trail.changed_fields IS 'Names of the columns that differ, "lines" among them.';
COMMENT ON COLUMN tds_audit_trail.cause IS 'Why it was done.';
COMMENT ON COLUMN tds_audit_trail.event_id IS 'The inbox event that brought it.';
COMMENT ON COLUMN tds_audit_trail.run_id IS 'The run that brought it.';
COMMENT ON COLUMN tds_audit_trail.actor IS 'The person who asked for it, where one did.';
COMMENT ON COLUMN tds_audit_trail.reason IS 'The reason that person gave.';
COMMENT ON COLUMN tds_audit_trail.changed_at IS 'When it was done.';
COMMENT ON COLUMN tds_audit_trail.request_id IS 'The request at whose end it stands.';
COMMENT ON COLUMN tds_audit_trail.xact_id IS 'The transaction that wrote it: the feed serves nothing at or above the oldest transaction still running, so that a late commit is never skipped.';
COMMENT ON INDEX tds_audit_trail_pkey IS 'Reading the feed from a position.';
CREATE INDEX tds_audit_trail_record
  ON tds_audit_trail (organization_id, entity_type, entity_id, position);
COMMENT ON INDEX tds_audit_trail_record IS 'The history of one record, in order.';
CREATE INDEX tds_audit_trail_event ON tds_audit_trail (event_id);
COMMENT ON INDEX tds_audit_trail_event IS 'What one event did.';
CREATE INDEX tds_audit_trail_changed_at ON tds_audit_trail (changed_at);
COMMENT ON INDEX tds_audit_trail_changed_at IS 'What was changed in a period.';

CREATE TABLE tds_audit_seals (
  id bigint GENERATED ALWAYS AS IDENTITY,
  first_position bigint NOT NULL,
  last_position bigint NOT NULL,
  digest bytea NOT NULL,
  previous_digest bytea,
  sealed_at timestamptz NOT NULL DEFAULT tds_now(),
  CONSTRAINT tds_audit_seals_pkey PRIMARY KEY (id),
  CONSTRAINT tds_audit_seals_span CHECK (first_position <= last_position)
);
COMMENT ON TABLE tds_audit_seals IS 'Chain of digests over the audit trail, made by one sealer apart from the business transactions. Append-only.';
COMMENT ON COLUMN tds_audit_seals.id IS 'Place in the chain.';
COMMENT ON COLUMN tds_audit_seals.first_position IS 'First position of the trail under this seal.';
COMMENT ON COLUMN tds_audit_seals.last_position IS 'Last position of the trail under this seal.';
COMMENT ON COLUMN tds_audit_seals.digest IS 'SHA-256 over the previous digest and the entries.';
COMMENT ON COLUMN tds_audit_seals.previous_digest IS 'Digest of the seal before; NULL for the first.';
COMMENT ON COLUMN tds_audit_seals.sealed_at IS 'When it was sealed.';
COMMENT ON INDEX tds_audit_seals_pkey IS 'Reading the chain in order and finding its head.';

CREATE TABLE tds_operator_actions (
  id bigint GENERATED ALWAYS AS IDENTITY,
  actor text NOT NULL,
  action text COLLATE "C" NOT NULL,
  subject text,
  reason text,
  facts jsonb NOT NULL DEFAULT '{}',
  acted_at timestamptz NOT NULL DEFAULT tds_now(),
  request_id text COLLATE "C",
  CONSTRAINT tds_operator_actions_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE tds_operator_actions IS 'What people did: replays, settings, tokens, silences. Append-only.';
COMMENT ON COLUMN tds_operator_actions.id IS 'Order of the actions.';
COMMENT ON COLUMN tds_operator_actions.actor IS 'Who did it.';
COMMENT ON COLUMN tds_operator_actions.action IS 'What was done, as a verb with its object, for example dead_letter.replay.';
COMMENT ON COLUMN tds_operator_actions.subject IS 'To what it was done: an id, a key, a name.';
COMMENT ON COLUMN tds_operator_actions.reason IS 'The reason given.';
COMMENT ON COLUMN tds_operator_actions.facts IS 'Details, never secrets.';
COMMENT ON COLUMN tds_operator_actions.acted_at IS 'When it was done.';
COMMENT ON COLUMN tds_operator_actions.request_id IS 'The request that asked for it.';
COMMENT ON INDEX tds_operator_actions_pkey IS 'Reading the actions in order, newest first.';

CREATE TRIGGER tds_audit_trail_append_only
  BEFORE UPDATE OR DELETE ON tds_audit_trail
  FOR EACH ROW EXECUTE FUNCTION tds_refuse_change();
CREATE TRIGGER tds_audit_trail_no_truncate
  BEFORE TRUNCATE ON tds_audit_trail
  FOR EACH STATEMENT EXECUTE FUNCTION tds_refuse_change();

CREATE TRIGGER tds_audit_seals_append_only
  BEFORE UPDATE OR DELETE ON tds_audit_seals
  FOR EACH ROW EXECUTE FUNCTION tds_refuse_change();
CREATE TRIGGER tds_audit_seals_no_truncate
  BEFORE TRUNCATE ON tds_audit_seals
  FOR EACH STATEMENT EXECUTE FUNCTION tds_refuse_change();

CREATE TRIGGER tds_operator_actions_append_only
  BEFORE UPDATE OR DELETE ON tds_operator_actions
  FOR EACH ROW EXECUTE FUNCTION tds_refuse_change();
CREATE TRIGGER tds_operator_actions_no_truncate
  BEFORE TRUNCATE ON tds_operator_actions
  FOR EACH STATEMENT EXECUTE FUNCTION tds_refuse_change();

-- ALWAYS: also in a session that replays changes as a replica, where plain triggers sleep.
ALTER TABLE tds_audit_trail ENABLE ALWAYS TRIGGER tds_audit_trail_append_only;
ALTER TABLE tds_audit_trail ENABLE ALWAYS TRIGGER tds_audit_trail_no_truncate;
ALTER TABLE tds_audit_seals ENABLE ALWAYS TRIGGER tds_audit_seals_append_only;
ALTER TABLE tds_audit_seals ENABLE ALWAYS TRIGGER tds_audit_seals_no_truncate;
ALTER TABLE tds_operator_actions ENABLE ALWAYS TRIGGER tds_operator_actions_append_only;
ALTER TABLE tds_operator_actions ENABLE ALWAYS TRIGGER tds_operator_actions_no_truncate;

REVOKE UPDATE, DELETE, TRUNCATE ON tds_audit_trail, tds_audit_seals, tds_operator_actions FROM PUBLIC;
