-- What is wrong, and the numbers by which it is judged.

CREATE TABLE tds_alerts (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  organization_id text COLLATE "C",
  alert_type text COLLATE "C" NOT NULL,
  severity tds_alert_severity NOT NULL,
  title text NOT NULL,
  message text NOT NULL,
  entity_type tds_entity_type,
  affected_count integer,
  threshold_value jsonb,
  actual_value jsonb,
  is_active boolean NOT NULL DEFAULT true,
  acknowledged boolean NOT NULL DEFAULT false,
  resolved boolean NOT NULL DEFAULT false,
  triggered_at timestamptz NOT NULL DEFAULT tds_now(),
  acknowledged_at timestamptz,
  acknowledged_by text,
  resolved_at timestamptz,
  resolved_by text,
  resolution_notes text,
  alert_metadata jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT tds_alerts_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE tds_alerts IS 'Alerts that fired, with what people did about them.';
COMMENT ON COLUMN tds_alerts.id IS 'Identity of the alert.';
COMMENT ON COLUMN tds_alerts.organization_id IS 'Zoho organisation it is about; NULL for the system itself.';
COMMENT ON COLUMN tds_alerts.alert_type IS 'The rule that fired.';
COMMENT ON COLUMN tds_alerts.severity IS 'How urgent it is.';
COMMENT ON COLUMN tds_alerts.title IS 'The alert in a few words.';
COMMENT ON COLUMN tds_alerts.message IS 'The alert in full.';
COMMENT ON COLUMN tds_alerts.entity_type IS 'Kind of record it is about; NULL for none.';
COMMENT ON COLUMN tds_alerts.affected_count IS 'How many records or events are affected.';
COMMENT ON COLUMN tds_alerts.threshold_value IS 'The limit that was passed.';
COMMENT ON COLUMN tds_alerts.actual_value IS 'The value that passed it.';
COMMENT ON COLUMN tds_alerts.is_active IS 'Whether it is true now.';
COMMENT ON COLUMN tds_alerts.acknowledged IS 'Whether a person has seen it.';
COMMENT ON COLUMN tds_alerts.resolved IS 'Whether it is over.';
COMMENT ON COLUMN tds_alerts.triggered_at IS 'When it fired.';
COMMENT ON COLUMN tds_alerts.acknowledged_at IS 'When it was seen.';
COMMENT ON COLUMN tds_alerts.acknowledged_by IS 'Who saw it.';
COMMENT ON COLUMN tds_alerts.resolved_at IS 'When it was over.';
COMMENT ON COLUMN tds_alerts.resolved_by IS 'Who ended it; NULL where it ended by itself.';
COMMENT ON COLUMN tds_alerts.resolution_notes IS 'What that person noted.';
COMMENT ON COLUMN tds_alerts.alert_metadata IS 'Labels and whatever else describes it.';
COMMENT ON INDEX tds_alerts_pkey IS 'The alert an operator names.';
CREATE INDEX tds_alerts_active ON tds_alerts (is_active, severity, triggered_at);
COMMENT ON INDEX tds_alerts_active IS 'What is wrong now, worst first.';
CREATE INDEX tds_alerts_type ON tds_alerts (alert_type, triggered_at);
COMMENT ON INDEX tds_alerts_type IS 'The history of one rule.';

CREATE TABLE tds_metrics (
  id bigint GENERATED ALWAYS AS IDENTITY,
  organization_id text COLLATE "C",
  metric_name text COLLATE "C" NOT NULL,
  metric_type text COLLATE "C" NOT NULL,
  entity_type tds_entity_type,
  source_type tds_source_type,
  value jsonb NOT NULL,
  unit text COLLATE "C",
  recorded_at timestamptz NOT NULL DEFAULT tds_now(),
  tags jsonb NOT NULL DEFAULT '{}',
  dimensions jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT tds_metrics_pkey PRIMARY KEY (id)
);
COMMENT ON TABLE tds_metrics IS 'Measured numbers over time.';
COMMENT ON COLUMN tds_metrics.id IS 'Order of writing.';
COMMENT ON COLUMN tds_metrics.organization_id IS 'Zoho organisation it is about; NULL for the system itself.';
COMMENT ON COLUMN tds_metrics.metric_name IS 'What was measured.';
COMMENT ON COLUMN tds_metrics.metric_type IS 'counter, gauge or histogram.';
COMMENT ON COLUMN tds_metrics.entity_type IS 'Kind of record it is about; NULL for none.';
COMMENT ON COLUMN tds_metrics.source_type IS 'Source it is about; NULL for none.';
COMMENT ON COLUMN tds_metrics.value IS 'The number, or the parts of a histogram.';
COMMENT ON COLUMN tds_metrics.unit IS 'Unit of the number.';
COMMENT ON COLUMN tds_metrics.recorded_at IS 'When it was measured.';
COMMENT ON COLUMN tds_metrics.tags IS 'Labels.';
COMMENT ON COLUMN tds_metrics.dimensions IS 'Further labels by which it is summed.';
COMMENT ON INDEX tds_metrics_pkey IS 'Deleting by retention in batches.';
CREATE INDEX tds_metrics_name ON tds_metrics (metric_name, recorded_at);
COMMENT ON INDEX tds_metrics_name IS 'One metric over time.';
CREATE INDEX tds_metrics_recorded_at ON tds_metrics (recorded_at);
COMMENT ON INDEX tds_metrics_recorded_at IS 'Retention.';
