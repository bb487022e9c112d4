-- Deliveries, kept as they came before anything else is done with them, and the books kept about them.

CREATE TABLE tds_inbox_events (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  organization_id text COLLATE "C" NOT NULL,
  source_type tds_source_type NOT NULL,
  entity_type tds_entity_type NOT NULL,
  source_entity_id text COLLATE "C",
  operation_type tds_operation_type NOT NULL,
  idempotency_key text COLLATE "C" NOT NULL,
  fold_key text COLLATE "C",
  foldable boolean NOT NULL DEFAULT false,
  content_hash text COLLATE "C" NOT NULL,
  source_version timestamptz,
  raw_body bytea NOT NULL,
  payload jsonb,
  headers jsonb NOT NULL DEFAULT '{}',
  remote_address inet,
  signature_verified boolean NOT NULL DEFAULT false,
  flags text[] NOT NULL DEFAULT '{}',
  request_id text COLLATE "C",
  status tds_event_status NOT NULL DEFAULT 'pending',
  attempt_count integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz,
  awaiting_read boolean NOT NULL DEFAULT false,
  isolated boolean NOT NULL DEFAULT false,
  deaths smallint NOT NULL DEFAULT 0,
  reads smallint NOT NULL DEFAULT 0,
  duplicate_count integer NOT NULL DEFAULT 0,
  last_duplicate_at timestamptz,
  received_at timestamptz NOT NULL DEFAULT tds_now(),
  processed_at timestamptz,
  error_code text COLLATE "C",
  error_message text,
  replay_of uuid,
  sync_run_id uuid,
  CONSTRAINT tds_inbox_events_pkey PRIMARY KEY (id),
  CONSTRAINT tds_inbox_events_processed_when_final CHECK (
    (processed_at IS NOT NULL) = (status IN ('applied', 'unchanged', 'stale', 'dead_letter', 'discarded'))
  ),
  CONSTRAINT tds_inbox_events_counts_not_negative CHECK (
    attempt_count >= 0 AND duplicate_count >= 0 AND deaths >= 0
  )
) WITH (
  -- Every event is rewritten at least twice (claimed, finished): room on its page keeps it there, and
  -- dead versions are swept long before the default of a fifth of the table has died.
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);

-- Bodies lie beside the row, uncompressed: an event changes its state twice, and each time the row is written anew a
-- body within it would be copied, and compressing it costs more than the rest of the insert.
ALTER TABLE tds_inbox_events
  ALTER COLUMN raw_body SET STORAGE EXTERNAL,
  ALTER COLUMN payload SET STORAGE EXTERNAL;

COMMENT ON TABLE tds_inbox_events IS 'One row per delivery: the exact bytes, what was understood of them and what became of them. Nothing has a foreign key to it, so that it can be pruned in batches.';
COMMENT ON COLUMN tds_inbox_events.id IS 'Event id: the UUIDv5 of the idempotency key, so that a spooled copy and its original are one.';
COMMENT ON COLUMN tds_inbox_events.organization_id IS 'Zoho organisation the record belongs to.';
COMMENT ON COLUMN tds_inbox_events.source_type IS 'What brought the event about.';
COMMENT ON COLUMN tds_inbox_events.entity_type IS 'Kind of record the event is about.';
COMMENT ON COLUMN tds_inbox_events.source_entity_id IS 'Zoho id of the record; NULL where the delivery is unusable and names none.';
COMMENT ON COLUMN tds_inbox_events.operation_type IS 'Operation as stated by the delivery; upsert where it states none.';
COMMENT ON COLUMN tds_inbox_events.idempotency_key IS 'Identity of the delivery, unique within the organisation.';
COMMENT ON COLUMN tds_inbox_events.fold_key IS 'What two deliveries without a version must share to be folded into one while neither is claimed; NULL where that is not allowed.';
COMMENT ON COLUMN tds_inbox_events.foldable IS 'Whether a twin may still be folded into this event; set by live intake, cleared by the first claim.';
COMMENT ON COLUMN tds_inbox_events.content_hash IS 'Delivery hash: SHA-256 of the canonical body in hex, of the exact bytes where the body is unusable.';
COMMENT ON COLUMN tds_inbox_events.source_version IS 'Last-modified time that the body carries, as an instant; NULL where it carries none.';
COMMENT ON COLUMN tds_inbox_events.raw_body IS 'The body exactly as received.';
COMMENT ON COLUMN tds_inbox_events.payload IS 'The body as JSON, numbers as sent; NULL where it is unusable.';
COMMENT ON COLUMN tds_inbox_events.headers IS 'Headers of the delivery, secrets masked.';
COMMENT ON COLUMN tds_inbox_events.remote_address IS 'Address of the sender.';
COMMENT ON COLUMN tds_inbox_events.signature_verified IS 'Whether the delivery was authenticated by its signature (true) or by a key (false).';
COMMENT ON COLUMN tds_inbox_events.flags IS 'What was odd but tolerated about the body, for example a byte-order mark or a replaced NUL.';
COMMENT ON COLUMN tds_inbox_events.request_id IS 'Request that brought the delivery, to find it in the log.';
COMMENT ON COLUMN tds_inbox_events.status IS 'Where the event stands.';
COMMENT ON COLUMN tds_inbox_events.attempt_count IS 'Attempts at applying it, the successful one included; waiting for the source does not count.';
COMMENT ON COLUMN tds_inbox_events.next_attempt_at IS 'When it is tried again, while status is retry.';
COMMENT ON COLUMN tds_inbox_events.awaiting_read IS 'Whether its answer comes from a re-read of the record.';
COMMENT ON COLUMN tds_inbox_events.isolated IS 'Whether it was in flight when a worker died and therefore runs alone.';
COMMENT ON COLUMN tds_inbox_events.deaths IS 'Workers that died while it ran alone from their start.';
COMMENT ON COLUMN tds_inbox_events.reads IS 'Re-reads of its record that have answered it; a first answer that decides nothing is asked for once more.';
COMMENT ON COLUMN tds_inbox_events.duplicate_count IS 'Further deliveries of the same thing.';
COMMENT ON COLUMN tds_inbox_events.last_duplicate_at IS 'When the latest of them came.';
COMMENT ON COLUMN tds_inbox_events.received_at IS 'When the row was inserted, by the clock of the database; for a spooled delivery the time of draining.';
COMMENT ON COLUMN tds_inbox_events.processed_at IS 'When it reached its final state; set exactly in final states.';
COMMENT ON COLUMN tds_inbox_events.error_code IS 'Code of the latest failure, or the reason of the quarantine.';
COMMENT ON COLUMN tds_inbox_events.error_message IS 'The latest failure in words.';
COMMENT ON COLUMN tds_inbox_events.replay_of IS 'The event whose edited payload this is.';
COMMENT ON COLUMN tds_inbox_events.sync_run_id IS 'The run that made this event out of a record it read.';

COMMENT ON INDEX tds_inbox_events_pkey IS 'Finding an event by the id its job or an operator names.';

CREATE UNIQUE INDEX tds_inbox_events_idempotency_key
  ON tds_inbox_events (organization_id, idempotency_key);
COMMENT ON INDEX tds_inbox_events_idempotency_key IS 'Lets the insert itself decide what is a duplicate.';

CREATE UNIQUE INDEX tds_inbox_events_foldable
  ON tds_inbox_events (organization_id, fold_key)
  WHERE foldable;
COMMENT ON INDEX tds_inbox_events_foldable IS 'Folds a delivery without a version into its unclaimed twin; holds only the few rows that are still foldable.';

CREATE INDEX tds_inbox_events_waiting
  ON tds_inbox_events (received_at)
  WHERE status IN ('pending', 'processing', 'retry');
COMMENT ON INDEX tds_inbox_events_waiting IS 'The sweeper, the age of the oldest waiting event, and the count of rows not final; stays small whatever the table holds.';

CREATE INDEX tds_inbox_events_awaiting_read
  ON tds_inbox_events (organization_id, entity_type, source_entity_id)
  WHERE awaiting_read;
COMMENT ON INDEX tds_inbox_events_awaiting_read IS 'Finds every event that the answer of one re-read settles.';

CREATE INDEX tds_inbox_events_record
  ON tds_inbox_events (entity_type, source_entity_id, received_at);
COMMENT ON INDEX tds_inbox_events_record IS 'The life of one record, in order of arrival.';

CREATE INDEX tds_inbox_events_final
  ON tds_inbox_events (processed_at)
  WHERE status IN ('applied', 'unchanged', 'stale', 'dead_letter', 'discarded');
COMMENT ON INDEX tds_inbox_events_final IS 'Retention: the oldest final rows without reading the rest.';

CREATE INDEX tds_inbox_events_quarantined
  ON tds_inbox_events (received_at)
  WHERE status = 'quarantined';
COMMENT ON INDEX tds_inbox_events_quarantined IS 'What waits for a person, oldest first.';

CREATE TABLE tds_duplicate_tallies (
  id bigint GENERATED ALWAYS AS IDENTITY,
  event_id uuid NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT tds_now(),
  times integer NOT NULL DEFAULT 1,
  CONSTRAINT tds_duplicate_tallies_pkey PRIMARY KEY (id),
  CONSTRAINT tds_duplicate_tallies_times_positive CHECK (times > 0)
);
COMMENT ON TABLE tds_duplicate_tallies IS 'Duplicates that could not be counted on their event at once, because its row was locked: intake never waits for a lock. A poller folds them in and deletes them.';
COMMENT ON COLUMN tds_duplicate_tallies.id IS 'Order of arrival.';
COMMENT ON COLUMN tds_duplicate_tallies.event_id IS 'The event that was delivered again.';
COMMENT ON COLUMN tds_duplicate_tallies.seen_at IS 'When the latest of these duplicates came.';
COMMENT ON COLUMN tds_duplicate_tallies.times IS 'How many duplicates this row stands for.';
COMMENT ON INDEX tds_duplicate_tallies_pkey IS 'The poller takes the oldest tallies first and deletes just those.';

CREATE TABLE tds_event_counts (
  minute timestamptz NOT NULL,
  status tds_event_status NOT NULL,
  daemon_id uuid NOT NULL,
  lane smallint NOT NULL DEFAULT 0,
  events bigint NOT NULL DEFAULT 0,
  CONSTRAINT tds_event_counts_pkey PRIMARY KEY (minute, status, daemon_id, lane)
) WITH (
  -- A handful of rows takes every change of state: leave room on the page, so that no index is touched.
  fillfactor = 50,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_cost_delay = 0
);
COMMENT ON TABLE tds_event_counts IS 'How many events of a minute are in a state, adjusted in the transaction that changes the state. One row of it may be negative (a worker subtracts from pending what the api added); only sums over daemons and lanes mean something.';
COMMENT ON COLUMN tds_event_counts.minute IS 'The minute in which the events were received.';
COMMENT ON COLUMN tds_event_counts.status IS 'The state counted.';
COMMENT ON COLUMN tds_event_counts.daemon_id IS 'The daemon that made the adjustments, so that daemons do not wait for each other.';
COMMENT ON COLUMN tds_event_counts.lane IS 'The lane within the daemon, so that its own parallel transactions do not wait for each other either.';
COMMENT ON COLUMN tds_event_counts.events IS 'Sum of the adjustments.';
COMMENT ON INDEX tds_event_counts_pkey IS 'Adjusting one counter in place; the minute comes first because every reader asks for a span of minutes.';
