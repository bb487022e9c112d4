-- The words that several tables share, and the one source of time.

CREATE TYPE tds_event_status AS ENUM (
  'pending',
  'processing',
  'applied',
  'unchanged',
  'stale',
  'retry',
  'dead_letter',
  'quarantined',
  'discarded'
);
COMMENT ON TYPE tds_event_status IS 'Where an inbox event stands; pending, processing and retry are waiting for us, quarantined for a person, the rest are final.';

CREATE TYPE tds_source_type AS ENUM ('zoho', 'manual', 'scheduled', 'reconciliation');
COMMENT ON TYPE tds_source_type IS 'What brought an event or a run about: a webhook from Zoho, a person, a schedule, a reconciliation.';

CREATE TYPE tds_entity_type AS ENUM (
  'product',
  'customer',
  'invoice',
  'bill',
  'credit_note',
  'stock_adjustment',
  'price_list'
);
COMMENT ON TYPE tds_entity_type IS 'The kinds of record that are mirrored.';

CREATE TYPE tds_operation_type AS ENUM ('create', 'update', 'delete', 'upsert');
COMMENT ON TYPE tds_operation_type IS 'What an event says happened at the source; upsert where the source does not say.';

CREATE TYPE tds_alert_severity AS ENUM ('info', 'warning', 'error', 'critical');
COMMENT ON TYPE tds_alert_severity IS 'How urgent an alert is.';

CREATE TYPE tds_change_operation AS ENUM ('created', 'updated', 'deleted', 'restored');
COMMENT ON TYPE tds_change_operation IS 'What was done to a mirrored record.';

CREATE TYPE tds_change_cause AS ENUM (
  'webhook',
  'incremental',
  'backfill',
  'drift',
  'reconciliation',
  'correction',
  'replay',
  'manual'
);
COMMENT ON TYPE tds_change_cause IS 'Why a mirrored record was changed.';

CREATE TYPE tds_run_status AS ENUM ('running', 'completed', 'partial', 'failed', 'cancelled');
COMMENT ON TYPE tds_run_status IS 'How a sync run stands; partial means that it ended without having seen everything.';

CREATE TYPE tds_dead_letter_class AS ENUM ('data', 'mapping', 'source', 'configuration', 'exhausted', 'killer');
COMMENT ON TYPE tds_dead_letter_class IS 'Why work was given up: the data, our mapping, the source, our configuration, too many attempts, or an event that killed its workers.';

-- STABLE on purpose, although the clock moves on within a statement: only a stable function may bound
-- an index scan, and a comparison like "received_at < tds_now() - interval '2 minutes'" needs one.
-- plpgsql rather than sql, because a stable wrapper of a volatile function is not inlined and plpgsql
-- then costs a third.
CREATE FUNCTION tds_now() RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
  RETURN clock_timestamp()
    + coalesce(nullif(current_setting('tds.clock_offset', true), '')::interval, interval '0');
END;
$$;
COMMENT ON FUNCTION tds_now() IS 'The only source of time in SQL: the clock of the database, moved by the setting tds.clock_offset (an interval) where a test sets it.';

CREATE FUNCTION tds_update_timestamp() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := tds_now();
  RETURN NEW;
END;
$$;
COMMENT ON FUNCTION tds_update_timestamp() IS 'Trigger: stamps updated_at with the time of the change.';
