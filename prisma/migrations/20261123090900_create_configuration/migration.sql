-- Settings that take effect without a restart.

CREATE TABLE tds_configuration (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  config_key text COLLATE "C" NOT NULL,
  config_value jsonb NOT NULL,
  value_type text COLLATE "C" NOT NULL,
  description text,
  category text COLLATE "C",
  validation_schema jsonb,
  is_sensitive boolean NOT NULL DEFAULT false,
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT tds_now(),
  updated_at timestamptz NOT NULL DEFAULT tds_now(),
  updated_by text,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT tds_configuration_pkey PRIMARY KEY (id),
  -- Numbers are numbers and switches are switches: a number stored as text would be compared as text.
  CONSTRAINT tds_configuration_value_has_its_type CHECK (jsonb_typeof(config_value) = value_type)
);
CREATE TRIGGER tds_configuration_updated
  BEFORE UPDATE ON tds_configuration
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();
COMMENT ON TABLE tds_configuration IS 'Settings read at run time: retries, thresholds, schedules, retention.';
COMMENT ON COLUMN tds_configuration.id IS 'Identity of the setting.';
COMMENT ON COLUMN tds_configuration.config_key IS 'Name of the setting.';
COMMENT ON COLUMN tds_configuration.config_value IS 'Its value, in its own JSON type.';
COMMENT ON COLUMN tds_configuration.value_type IS 'JSON type of the value: number, boolean, string, array, object.';
COMMENT ON COLUMN tds_configuration.description IS 'What it does, with its unit.';
COMMENT ON COLUMN tds_configuration.category IS 'Where it is listed.';
COMMENT ON COLUMN tds_configuration.validation_schema IS 'JSON schema that a new value must satisfy.';
COMMENT ON COLUMN tds_configuration.is_sensitive IS 'Whether the value is shown only as set or unset.';
COMMENT ON COLUMN tds_configuration.is_active IS 'Whether the setting is in force; the built-in default holds where it is not.';
COMMENT ON COLUMN tds_configuration.created_at IS 'When it was made.';
COMMENT ON COLUMN tds_configuration.updated_at IS 'When it was last changed.';
COMMENT ON COLUMN tds_configuration.updated_by IS 'Who changed it; NULL for the built-in value.';
COMMENT ON COLUMN tds_configuration.version IS 'Counts the changes, so that two people do not overwrite each other.';
COMMENT ON INDEX tds_configuration_pkey IS 'Identity only.';
CREATE UNIQUE INDEX tds_configuration_key ON tds_configuration (config_key);
COMMENT ON INDEX tds_configuration_key IS 'A setting by its name.';
CREATE INDEX tds_configuration_category ON tds_configuration (category, is_active);
COMMENT ON INDEX tds_configuration_category IS 'The settings page lists them by category.';

INSERT INTO tds_configuration (category, config_key, config_value, value_type, description, validation_schema)
VALUES
  ('retry', 'max_retry_attempts', '3', 'number',
    'Attempts that may fail before an event becomes a dead letter.',
    '{"type": "integer", "minimum": 1, "maximum": 50}'),
  ('retry', 'retry_backoff_base_ms', '1000', 'number',
    'Wait before the first retry in milliseconds; doubles with each further one.',
    '{"type": "integer", "minimum": 100, "maximum": 3600000}'),
  ('retry', 'retry_backoff_max_ms', '60000', 'number',
    'Longest wait between retries, in milliseconds.',
    '{"type": "integer", "minimum": 100, "maximum": 86400000}'),
  ('performance', 'batch_size', '100', 'number',
    'Events that a worker applies in one transaction at most.',
    '{"type": "integer", "minimum": 1, "maximum": 1000}'),
  ('performance', 'lock_timeout_seconds', '300', 'number',
    'Longest lease on a piece of work, in seconds.',
    '{"type": "integer", "minimum": 30, "maximum": 3600}'),
  ('performance', 'queue_poll_interval_ms', '1000', 'number',
    'How often a worker asks for work of which it was not notified, in milliseconds.',
    '{"type": "integer", "minimum": 500, "maximum": 60000}'),
  ('alert', 'failure_rate_threshold', '0.05', 'number',
    'Share of events failed within an hour above which an alert fires.',
    '{"type": "number", "minimum": 0, "maximum": 1}'),
  ('alert', 'queue_backlog_threshold', '1000', 'number',
    'Waiting events above which an alert fires.',
    '{"type": "integer", "minimum": 1, "maximum": 100000000}'),
  ('alert', 'sync_lag_threshold_minutes', '15', 'number',
    'Age of the oldest waiting event above which an alert fires, in minutes.',
    '{"type": "integer", "minimum": 1, "maximum": 10080}'),
  ('reconciliation', 'enabled', 'true', 'boolean',
    'Whether source and mirror are compared on a schedule.',
    '{"type": "boolean"}'),
  ('reconciliation', 'schedule_cron', '"0 2 * * *"', 'string',
    'When they are compared: a cron expression in the time zone of the product.',
    '{"type": "string", "minLength": 9}'),
  ('retention', 'retention.inbox_days', '7', 'number',
    'Days that an inbox event is kept after its final state.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}'),
  ('retention', 'retention.logs_days', '90', 'number',
    'Days that sync logs are kept.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}'),
  ('retention', 'retention.metrics_days', '30', 'number',
    'Days that metrics are kept.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}'),
  ('retention', 'retention.alerts_days', '180', 'number',
    'Days that resolved alerts and notifications are kept.',
    '{"type": "integer", "minimum": 1, "maximum": 3650}');
