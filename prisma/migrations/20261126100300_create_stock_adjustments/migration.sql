-- Mirror of Zoho's inventory adjustments, with their lines.

CREATE TABLE tds_stock_adjustments (
  organization_id text COLLATE "C" NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  date date,
  reason text,
  description text,
  reference_number text,
  adjustment_type text COLLATE "C",
  status text COLLATE "C",
  total numeric,
  raw jsonb,
  custom_fields jsonb,
  content_hash text COLLATE "C",
  source_created_at timestamptz,
  source_modified_at timestamptz,
  completed_version timestamptz,
  source_read_at timestamptz,
  version integer NOT NULL DEFAULT 1,
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT tds_now(),
  updated_at timestamptz NOT NULL DEFAULT tds_now(),
  last_event_id uuid,
  CONSTRAINT tds_stock_adjustments_pkey PRIMARY KEY (organization_id, zoho_id)
);

CREATE TRIGGER tds_stock_adjustments_updated
  BEFORE UPDATE ON tds_stock_adjustments
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();

COMMENT ON TABLE tds_stock_adjustments IS 'Stock adjustments: the inventory adjustments of Zoho.';
COMMENT ON COLUMN tds_stock_adjustments.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_stock_adjustments.zoho_id IS 'Zoho: inventory_adjustment_id.';
COMMENT ON COLUMN tds_stock_adjustments.date IS 'Zoho: date; a calendar day of the organisation.';
COMMENT ON COLUMN tds_stock_adjustments.reason IS 'Zoho: reason.';
COMMENT ON COLUMN tds_stock_adjustments.description IS 'Zoho: description.';
COMMENT ON COLUMN tds_stock_adjustments.reference_number IS 'Zoho: reference_number.';
COMMENT ON COLUMN tds_stock_adjustments.adjustment_type IS 'Zoho: adjustment_type (quantity, value).';
COMMENT ON COLUMN tds_stock_adjustments.status IS 'Zoho: status (adjusted, draft, ...); NULL where Zoho does not say.';
COMMENT ON COLUMN tds_stock_adjustments.total IS 'Zoho: total; in the currency of the organisation.';
COMMENT ON COLUMN tds_stock_adjustments.raw IS 'The last detail with later bodies merged into it by top-level key; holds also what is not mapped.';
COMMENT ON COLUMN tds_stock_adjustments.custom_fields IS 'Zoho: custom_fields, as an object of api_name to value.';
COMMENT ON COLUMN tds_stock_adjustments.content_hash IS 'Row hash: SHA-256 over mapped columns, lines and custom fields, in hex.';
COMMENT ON COLUMN tds_stock_adjustments.source_created_at IS 'Zoho: created_time.';
COMMENT ON COLUMN tds_stock_adjustments.source_modified_at IS 'Zoho: last_modified_time, the version that is stored.';
COMMENT ON COLUMN tds_stock_adjustments.completed_version IS 'The version up to which the record is known completely; where it is not source_modified_at, a completing read is owed.';
COMMENT ON COLUMN tds_stock_adjustments.source_read_at IS 'When the source was last looked at.';
COMMENT ON COLUMN tds_stock_adjustments.version IS 'How many changes were applied, the first included.';
COMMENT ON COLUMN tds_stock_adjustments.deleted_at IS 'When it was found deleted at the source; NULL for a living record.';
COMMENT ON COLUMN tds_stock_adjustments.created_at IS 'When the row was first written.';
COMMENT ON COLUMN tds_stock_adjustments.updated_at IS 'When the row was last written.';
COMMENT ON COLUMN tds_stock_adjustments.last_event_id IS 'The event that was applied last; NULL after a read without one.';
COMMENT ON INDEX tds_stock_adjustments_pkey IS 'The record by its Zoho id: every change, every look-up.';
CREATE INDEX tds_stock_adjustments_date ON tds_stock_adjustments (date, organization_id);
COMMENT ON INDEX tds_stock_adjustments_date IS 'The ERP lists the adjustments of a period.';
CREATE INDEX tds_stock_adjustments_source_modified_at ON tds_stock_adjustments (source_modified_at, organization_id);
COMMENT ON INDEX tds_stock_adjustments_source_modified_at IS 'Comparing with the source, and lists by latest change.';

-- No foreign key to the adjustment, for the reason given at tds_product_stock.
CREATE TABLE tds_stock_adjustment_lines (
  organization_id text COLLATE "C" NOT NULL,
  stock_adjustment_zoho_id text COLLATE "C" NOT NULL,
  line_zoho_id text COLLATE "C" NOT NULL,
  position integer,
  item_zoho_id text COLLATE "C",
  name text,
  quantity_adjusted numeric,
  value_adjusted numeric,
  location_zoho_id text COLLATE "C",
  location_name text,
  CONSTRAINT tds_stock_adjustment_lines_pkey PRIMARY KEY (organization_id, stock_adjustment_zoho_id, line_zoho_id)
);

COMMENT ON TABLE tds_stock_adjustment_lines IS 'Lines of an adjustment: Zoho''s inventory_adjustment.line_items. Change in the transaction of their adjustment.';
COMMENT ON COLUMN tds_stock_adjustment_lines.organization_id IS 'Zoho organisation of the adjustment.';
COMMENT ON COLUMN tds_stock_adjustment_lines.stock_adjustment_zoho_id IS 'Zoho: inventory_adjustment_id of the adjustment.';
COMMENT ON COLUMN tds_stock_adjustment_lines.line_zoho_id IS 'Zoho: line_item_id.';
COMMENT ON COLUMN tds_stock_adjustment_lines.position IS 'Zoho: item_order, else the place in the list counted from 1.';
COMMENT ON COLUMN tds_stock_adjustment_lines.item_zoho_id IS 'Zoho: item_id of the product adjusted.';
COMMENT ON COLUMN tds_stock_adjustment_lines.name IS 'Zoho: name.';
COMMENT ON COLUMN tds_stock_adjustment_lines.quantity_adjusted IS 'Zoho: quantity_adjusted; in units of the item, negative for what is gone.';
COMMENT ON COLUMN tds_stock_adjustment_lines.value_adjusted IS 'Zoho: value_adjusted; in the currency of the organisation. NULL unless sent.';
COMMENT ON COLUMN tds_stock_adjustment_lines.location_zoho_id IS 'Zoho: location_id, in older organisations warehouse_id.';
COMMENT ON COLUMN tds_stock_adjustment_lines.location_name IS 'Zoho: location_name, in older organisations warehouse_name.';
COMMENT ON INDEX tds_stock_adjustment_lines_pkey IS 'All lines of one adjustment, which are replaced together.';
CREATE INDEX tds_stock_adjustment_lines_item ON tds_stock_adjustment_lines (item_zoho_id, organization_id);
COMMENT ON INDEX tds_stock_adjustment_lines_item IS 'The ERP asks how the stock of a product was adjusted.';
