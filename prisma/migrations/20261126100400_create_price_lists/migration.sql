-- Mirror of Zoho's price lists, with the prices in them.

CREATE TABLE tds_price_lists (
  organization_id text COLLATE "C" NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  name text,
  description text,
  status text COLLATE "C",
  currency_code text COLLATE "C",
  pricebook_type text COLLATE "C",
  pricing_scheme text COLLATE "C",
  sales_or_purchase_type text COLLATE "C",
  percentage numeric,
  is_increase boolean,
  rounding_type text,
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
  CONSTRAINT tds_price_lists_pkey PRIMARY KEY (organization_id, zoho_id)
);

CREATE TRIGGER tds_price_lists_updated
  BEFORE UPDATE ON tds_price_lists
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();

COMMENT ON TABLE tds_price_lists IS 'Price lists: the pricebooks of Zoho.';
COMMENT ON COLUMN tds_price_lists.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_price_lists.zoho_id IS 'Zoho: pricebook_id.';
COMMENT ON COLUMN tds_price_lists.name IS 'Zoho: name.';
COMMENT ON COLUMN tds_price_lists.description IS 'Zoho: description.';
COMMENT ON COLUMN tds_price_lists.status IS 'Zoho: status (active, inactive).';
COMMENT ON COLUMN tds_price_lists.currency_code IS 'Zoho: currency_code of the prices; NULL for a percentage, which is of any currency.';
COMMENT ON COLUMN tds_price_lists.pricebook_type IS 'Zoho: pricebook_type (per_item, fixed_percentage).';
COMMENT ON COLUMN tds_price_lists.pricing_scheme IS 'Zoho: pricing_scheme (unit, volume); NULL for a percentage.';
COMMENT ON COLUMN tds_price_lists.sales_or_purchase_type IS 'Zoho: sales_or_purchase_type (sales, purchases).';
COMMENT ON COLUMN tds_price_lists.percentage IS 'Zoho: percentage; 20 means 20 %. NULL where each item has its price.';
COMMENT ON COLUMN tds_price_lists.is_increase IS 'Zoho: is_increase; whether the percentage is added instead of taken off.';
COMMENT ON COLUMN tds_price_lists.rounding_type IS 'Zoho: rounding_type; an open set of names.';
COMMENT ON COLUMN tds_price_lists.raw IS 'The last detail with later bodies merged into it by top-level key; holds also what is not mapped.';
COMMENT ON COLUMN tds_price_lists.custom_fields IS 'Zoho: custom_fields, as an object of api_name to value.';
COMMENT ON COLUMN tds_price_lists.content_hash IS 'Row hash: SHA-256 over mapped columns, lines and custom fields, in hex.';
COMMENT ON COLUMN tds_price_lists.source_created_at IS 'Zoho does not tell when a price list was created: NULL.';
COMMENT ON COLUMN tds_price_lists.source_modified_at IS 'Zoho: last_modified_time of the list row, for the detail has none; NULL where only details were seen.';
COMMENT ON COLUMN tds_price_lists.completed_version IS 'The version up to which the record is known completely; without a version, when it was last read completely.';
COMMENT ON COLUMN tds_price_lists.source_read_at IS 'When the source was last looked at.';
COMMENT ON COLUMN tds_price_lists.version IS 'How many changes were applied, the first included.';
COMMENT ON COLUMN tds_price_lists.deleted_at IS 'When it was found deleted at the source; NULL for a living record.';
COMMENT ON COLUMN tds_price_lists.created_at IS 'When the row was first written.';
COMMENT ON COLUMN tds_price_lists.updated_at IS 'When the row was last written.';
COMMENT ON COLUMN tds_price_lists.last_event_id IS 'The event that was applied last; NULL after a read without one.';
COMMENT ON INDEX tds_price_lists_pkey IS 'The record by its Zoho id: every change, every look-up.';
CREATE INDEX tds_price_lists_status ON tds_price_lists (status, organization_id);
COMMENT ON INDEX tds_price_lists_status IS 'The ERP lists the active price lists.';
CREATE INDEX tds_price_lists_source_modified_at ON tds_price_lists (source_modified_at, organization_id);
COMMENT ON INDEX tds_price_lists_source_modified_at IS 'Comparing with the source, and lists by latest change.';

-- No foreign key to the price list, for the reason given at tds_product_stock.
CREATE TABLE tds_price_list_items (
  organization_id text COLLATE "C" NOT NULL,
  price_list_zoho_id text COLLATE "C" NOT NULL,
  item_zoho_id text COLLATE "C" NOT NULL,
  start_quantity numeric NOT NULL,
  end_quantity numeric,
  position integer,
  pricebook_item_id text COLLATE "C",
  name text,
  rate numeric,
  discount text COLLATE "C",
  CONSTRAINT tds_price_list_items_pkey PRIMARY KEY (organization_id, price_list_zoho_id, item_zoho_id, start_quantity)
);

COMMENT ON TABLE tds_price_list_items IS 'Prices in a price list: Zoho''s pricebook.pricebook_items, one row for each item and bracket of quantity. Change in the transaction of their price list.';
COMMENT ON COLUMN tds_price_list_items.organization_id IS 'Zoho organisation of the price list.';
COMMENT ON COLUMN tds_price_list_items.price_list_zoho_id IS 'Zoho: pricebook_id of the price list.';
COMMENT ON COLUMN tds_price_list_items.item_zoho_id IS 'Zoho: item_id.';
COMMENT ON COLUMN tds_price_list_items.start_quantity IS 'Zoho: start_quantity of the bracket, in units of the item; 1 where Zoho gives none.';
COMMENT ON COLUMN tds_price_list_items.end_quantity IS 'Zoho: end_quantity of the bracket; NULL for no end.';
COMMENT ON COLUMN tds_price_list_items.position IS 'The place among the rows of the list, counted from 1.';
COMMENT ON COLUMN tds_price_list_items.pricebook_item_id IS 'Zoho: pricebook_item_id.';
COMMENT ON COLUMN tds_price_list_items.name IS 'Zoho: name of the item.';
COMMENT ON COLUMN tds_price_list_items.rate IS 'Zoho: pricebook_rate; price of one unit in currency_code of the list.';
COMMENT ON COLUMN tds_price_list_items.discount IS 'Zoho: pricebook_discount; a percentage like 5%, or an amount in normal form.';
COMMENT ON INDEX tds_price_list_items_pkey IS 'All prices of one list, which are replaced together.';
CREATE INDEX tds_price_list_items_item ON tds_price_list_items (item_zoho_id, organization_id);
COMMENT ON INDEX tds_price_list_items_item IS 'The ERP asks in which lists a product has a price.';
