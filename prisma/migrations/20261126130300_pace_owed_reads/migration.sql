-- Owed reads: waits that a new wish does not shorten, reads that go alone, and a limit for each record and hour.
ALTER TABLE tds_owed_reads
  ADD COLUMN held_until timestamptz,
  ADD COLUMN alone boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN tds_owed_reads.held_until IS 'The source, the budget of calls or the limit of reads an hour does not allow it before: until then a new wish of the same urgency does not move due_at.';
COMMENT ON COLUMN tds_owed_reads.alone IS 'To be read by itself: an answer about many records lacked this one or could not be used.';
COMMENT ON COLUMN tds_owed_reads.last_error IS 'Why the latest read failed, or what it waits for.';

CREATE INDEX tds_owed_reads_patient ON tds_owed_reads (due_at) WHERE reason IN ('parent', 'ripple');
COMMENT ON INDEX tds_owed_reads_patient IS 'The reader of what no event waits for takes what is due, oldest first.';

CREATE TABLE tds_record_reads (
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  sent_at timestamptz[] NOT NULL,
  last_sent_at timestamptz NOT NULL,
  CONSTRAINT tds_record_reads_pkey PRIMARY KEY (organization_id, entity_type, zoho_id)
);
COMMENT ON TABLE tds_record_reads IS 'When each record was last read because a read was owed, for the limit of reads an hour; forgotten after an hour.';
COMMENT ON COLUMN tds_record_reads.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_record_reads.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_record_reads.zoho_id IS 'Zoho id of the record.';
COMMENT ON COLUMN tds_record_reads.sent_at IS 'When the latest answered requests were sent, oldest first, 30 at most.';
COMMENT ON COLUMN tds_record_reads.last_sent_at IS 'The last of them.';
COMMENT ON INDEX tds_record_reads_pkey IS 'One row for each record.';
CREATE INDEX tds_record_reads_last_sent_at ON tds_record_reads (last_sent_at);
COMMENT ON INDEX tds_record_reads_last_sent_at IS 'The sweeper forgets what is older than an hour.';
