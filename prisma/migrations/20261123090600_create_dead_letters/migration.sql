-- Work given up on, kept until a person settles it.

CREATE TABLE tds_dead_letter_queue (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  organization_id text COLLATE "C" NOT NULL,
  entity_type tds_entity_type NOT NULL,
  source_entity_id text COLLATE "C",
  event_id uuid NOT NULL,
  event_ids uuid[] NOT NULL DEFAULT '{}',
  class tds_dead_letter_class NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  failure_reason text NOT NULL,
  error_code text COLLATE "C",
  error_message text,
  total_attempts integer NOT NULL DEFAULT 0,
  operation_type tds_operation_type NOT NULL,
  source_version timestamptz,
  raw_body bytea,
  payload jsonb,
  headers jsonb,
  received_at timestamptz,
  occurrences integer NOT NULL DEFAULT 1,
  status text COLLATE "C" NOT NULL DEFAULT 'open',
  resolved_at timestamptz,
  resolved_by text,
  resolution_notes text,
  assigned_to text,
  priority integer NOT NULL DEFAULT 5,
  created_at timestamptz NOT NULL DEFAULT tds_now(),
  last_seen_at timestamptz NOT NULL DEFAULT tds_now(),
  CONSTRAINT tds_dead_letter_queue_pkey PRIMARY KEY (id),
  CONSTRAINT tds_dead_letter_queue_status_known CHECK (
    status IN ('open', 'replayed', 'discarded', 'resolved')
  ),
  CONSTRAINT tds_dead_letter_queue_resolved_when_closed CHECK ((resolved_at IS NOT NULL) = (status <> 'open')),
  CONSTRAINT tds_dead_letter_queue_priority_range CHECK (priority BETWEEN 1 AND 10)
);
COMMENT ON TABLE tds_dead_letter_queue IS 'Events given up on. A letter owns its bytes, so that the inbox can be pruned; while it is open, its events are kept too.';
COMMENT ON COLUMN tds_dead_letter_queue.id IS 'Identity of the letter.';
COMMENT ON COLUMN tds_dead_letter_queue.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_dead_letter_queue.entity_type IS 'Kind of the record.';
COMMENT ON COLUMN tds_dead_letter_queue.source_entity_id IS 'Zoho id of the record.';
COMMENT ON COLUMN tds_dead_letter_queue.event_id IS 'The newest event under this letter.';
COMMENT ON COLUMN tds_dead_letter_queue.event_ids IS 'All events under this letter.';
COMMENT ON COLUMN tds_dead_letter_queue.class IS 'Why it was given up.';
COMMENT ON COLUMN tds_dead_letter_queue.fingerprint IS 'What two failures share to be the same one: one open letter per record and fingerprint.';
COMMENT ON COLUMN tds_dead_letter_queue.failure_reason IS 'The failure in one sentence for a person.';
COMMENT ON COLUMN tds_dead_letter_queue.error_code IS 'Code of the error.';
COMMENT ON COLUMN tds_dead_letter_queue.error_message IS 'Message of the error.';
COMMENT ON COLUMN tds_dead_letter_queue.total_attempts IS 'Attempts made.';
COMMENT ON COLUMN tds_dead_letter_queue.operation_type IS 'Operation of the newest event.';
COMMENT ON COLUMN tds_dead_letter_queue.source_version IS 'Version that the newest event carried.';
COMMENT ON COLUMN tds_dead_letter_queue.raw_body IS 'The body of the newest event exactly as received.';
COMMENT ON COLUMN tds_dead_letter_queue.payload IS 'The same body as JSON.';
COMMENT ON COLUMN tds_dead_letter_queue.headers IS 'Its headers, secrets masked.';
COMMENT ON COLUMN tds_dead_letter_queue.received_at IS 'When the newest event was received.';
COMMENT ON COLUMN tds_dead_letter_queue.occurrences IS 'How often the same failure was seen.';
COMMENT ON COLUMN tds_dead_letter_queue.status IS 'open, or how it was settled: replayed, discarded, resolved.';
COMMENT ON COLUMN tds_dead_letter_queue.resolved_at IS 'When it was settled; set exactly when it is not open.';
COMMENT ON COLUMN tds_dead_letter_queue.resolved_by IS 'Who settled it.';
COMMENT ON COLUMN tds_dead_letter_queue.resolution_notes IS 'What that person noted.';
COMMENT ON COLUMN tds_dead_letter_queue.assigned_to IS 'Who looks after it.';
COMMENT ON COLUMN tds_dead_letter_queue.priority IS '1 (first) to 10.';
COMMENT ON COLUMN tds_dead_letter_queue.created_at IS 'When it was first given up.';
COMMENT ON COLUMN tds_dead_letter_queue.last_seen_at IS 'When the failure was last seen.';
COMMENT ON INDEX tds_dead_letter_queue_pkey IS 'The letter an operator names.';
CREATE UNIQUE INDEX tds_dead_letter_queue_open
  ON tds_dead_letter_queue (organization_id, entity_type, coalesce(source_entity_id, ''), fingerprint)
  WHERE status = 'open';
COMMENT ON INDEX tds_dead_letter_queue_open IS 'One open letter per record and fingerprint: the insert itself counts the next occurrence.';
CREATE INDEX tds_dead_letter_queue_status ON tds_dead_letter_queue (status, created_at);
COMMENT ON INDEX tds_dead_letter_queue_status IS 'The open letters, oldest first.';
