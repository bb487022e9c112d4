-- Who is at work, on what, and what reads are owed.

CREATE TABLE tds_daemons (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  name text COLLATE "C" NOT NULL,
  version text NOT NULL,
  host text NOT NULL,
  pid integer NOT NULL,
  started_at timestamptz NOT NULL DEFAULT tds_now(),
  beat_at timestamptz NOT NULL DEFAULT tds_now(),
  stopped_at timestamptz,
  facts jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT tds_daemons_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE tds_daemons IS 'Every start of a daemon, with its proof of life.';
COMMENT ON COLUMN tds_daemons.id IS 'Identity of this one start.';
COMMENT ON COLUMN tds_daemons.name IS 'Which daemon: api, worker or alerter.';
COMMENT ON COLUMN tds_daemons.version IS 'Version of the program.';
COMMENT ON COLUMN tds_daemons.host IS 'Host it runs on.';
COMMENT ON COLUMN tds_daemons.pid IS 'Process id on that host.';
COMMENT ON COLUMN tds_daemons.started_at IS 'When it registered.';
COMMENT ON COLUMN tds_daemons.beat_at IS 'When it last proved that it lives.';
COMMENT ON COLUMN tds_daemons.stopped_at IS 'When it said goodbye; NULL for one that runs or died.';
COMMENT ON COLUMN tds_daemons.facts IS 'What it last told about itself.';
COMMENT ON INDEX tds_daemons_pkey IS 'The heartbeat updates its own row.';
CREATE INDEX tds_daemons_running ON tds_daemons (name, beat_at) WHERE stopped_at IS NULL;
COMMENT ON INDEX tds_daemons_running IS 'Health asks for the latest heartbeat of each daemon; the stopped ones of months are left out.';

CREATE TABLE tds_work_claims (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  daemon_id uuid NOT NULL,
  event_ids uuid[] NOT NULL,
  alone boolean NOT NULL DEFAULT false,
  claimed_at timestamptz NOT NULL DEFAULT tds_now(),
  expires_at timestamptz NOT NULL,
  CONSTRAINT tds_work_claims_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE tds_work_claims IS 'The batches in flight: inserted before a batch is worked on, deleted once it is applied. What a death leaves behind tells which events were in flight.';
COMMENT ON COLUMN tds_work_claims.id IS 'Identity of the batch.';
COMMENT ON COLUMN tds_work_claims.daemon_id IS 'The worker that holds it.';
COMMENT ON COLUMN tds_work_claims.event_ids IS 'The events in it.';
COMMENT ON COLUMN tds_work_claims.alone IS 'Whether its one event was the only thing its worker did since it started.';
COMMENT ON COLUMN tds_work_claims.claimed_at IS 'When it was taken.';
COMMENT ON COLUMN tds_work_claims.expires_at IS 'When others may take it over.';
COMMENT ON INDEX tds_work_claims_pkey IS 'A worker deletes its own claim by id.';
CREATE INDEX tds_work_claims_expires_at ON tds_work_claims (expires_at);
COMMENT ON INDEX tds_work_claims_expires_at IS 'The sweeper looks for what has expired.';

CREATE TABLE tds_owed_reads (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  reason text COLLATE "C" NOT NULL,
  event_id uuid,
  first_requested_at timestamptz NOT NULL DEFAULT tds_now(),
  requested_at timestamptz NOT NULL DEFAULT tds_now(),
  due_at timestamptz NOT NULL DEFAULT tds_now(),
  attempts integer NOT NULL DEFAULT 0,
  claimed_by uuid,
  claim_expires_at timestamptz,
  last_error text,
  CONSTRAINT tds_owed_reads_pkey PRIMARY KEY (organization_id, entity_type, zoho_id),
  CONSTRAINT tds_owed_reads_reason_known CHECK (
    reason IN ('event', 'completing', 'repeat', 'parent', 'ripple')
  )
);
COMMENT ON TABLE tds_owed_reads IS 'Records that must be read from Zoho, at most one row for each: asking again while a read is owed only moves requested_at.';
COMMENT ON COLUMN tds_owed_reads.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_owed_reads.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_owed_reads.zoho_id IS 'Zoho id of the record.';
COMMENT ON COLUMN tds_owed_reads.reason IS 'Who asks: an event, an incompletely known row (completing), a second look (repeat), a child that misses it (parent), a related record that changed (ripple).';
COMMENT ON COLUMN tds_owed_reads.event_id IS 'The latest event because of which it is owed; the audit trail names it.';
COMMENT ON COLUMN tds_owed_reads.first_requested_at IS 'When the read was first asked for.';
COMMENT ON COLUMN tds_owed_reads.requested_at IS 'When it was last asked for: an answer to a request sent earlier does not settle it.';
COMMENT ON COLUMN tds_owed_reads.due_at IS 'Not to be read before.';
COMMENT ON COLUMN tds_owed_reads.attempts IS 'Reads that failed.';
COMMENT ON COLUMN tds_owed_reads.claimed_by IS 'The worker that is reading it.';
COMMENT ON COLUMN tds_owed_reads.claim_expires_at IS 'When others may read it instead.';
COMMENT ON COLUMN tds_owed_reads.last_error IS 'Why the latest read failed.';
COMMENT ON INDEX tds_owed_reads_pkey IS 'Coalesces all requests for a record into one row.';
CREATE INDEX tds_owed_reads_due_at ON tds_owed_reads (due_at);
COMMENT ON INDEX tds_owed_reads_due_at IS 'The reader takes what is due, oldest first.';
