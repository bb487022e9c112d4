-- Mirror of Zoho's items, with their stock per location.

CREATE TABLE tds_products (
  organization_id text COLLATE "C" NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  name text,
  sku text,
  status text COLLATE "C",
  unit text,
  description text,
  item_type text COLLATE "C",
  product_type text COLLATE "C",
  rate numeric,
  purchase_rate numeric,
  tax_name text,
  tax_percentage numeric,
  stock_on_hand numeric,
  available_stock numeric,
  actual_available_stock numeric,
  reorder_level numeric,
  brand text,
  manufacturer text,
  image_name text,
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
  CONSTRAINT tds_products_pkey PRIMARY KEY (organization_id, zoho_id)
);

CREATE TRIGGER tds_products_updated
  BEFORE UPDATE ON tds_products
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();

COMMENT ON TABLE tds_products IS 'Products: the items of Zoho.';
COMMENT ON COLUMN tds_products.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_products.zoho_id IS 'Zoho: item_id.';
COMMENT ON COLUMN tds_products.name IS 'Zoho: name.';
COMMENT ON COLUMN tds_products.sku IS 'Zoho: sku.';
COMMENT ON COLUMN tds_products.status IS 'Zoho: status (active, inactive).';
COMMENT ON COLUMN tds_products.unit IS 'Zoho: unit.';
COMMENT ON COLUMN tds_products.description IS 'Zoho: description.';
COMMENT ON COLUMN tds_products.item_type IS 'Zoho: item_type.';
COMMENT ON COLUMN tds_products.product_type IS 'Zoho: product_type.';
COMMENT ON COLUMN tds_products.rate IS 'Zoho: rate; selling price in the currency of the organisation.';
COMMENT ON COLUMN tds_products.purchase_rate IS 'Zoho: purchase_rate; in the currency of the organisation.';
COMMENT ON COLUMN tds_products.tax_name IS 'Zoho: tax_name.';
COMMENT ON COLUMN tds_products.tax_percentage IS 'Zoho: tax_percentage; 23 means 23 %.';
COMMENT ON COLUMN tds_products.stock_on_hand IS 'Zoho: stock_on_hand; in units of the item, over all locations.';
COMMENT ON COLUMN tds_products.available_stock IS 'Zoho: available_stock; in units of the item, over all locations.';
COMMENT ON COLUMN tds_products.actual_available_stock IS 'Zoho: actual_available_stock; in units of the item, over all locations.';
COMMENT ON COLUMN tds_products.reorder_level IS 'Zoho: reorder_level; in units of the item.';
COMMENT ON COLUMN tds_products.brand IS 'Zoho: brand.';
COMMENT ON COLUMN tds_products.manufacturer IS 'Zoho: manufacturer.';
COMMENT ON COLUMN tds_products.image_name IS 'Zoho: image_name.';
COMMENT ON COLUMN tds_products.raw IS 'The last detail with later bodies merged into it by top-level key; holds also what is not mapped.';
COMMENT ON COLUMN tds_products.custom_fields IS 'Zoho: custom_fields, as an object of api_name to value.';
COMMENT ON COLUMN tds_products.content_hash IS 'Row hash: SHA-256 over mapped columns, lines and custom fields, in hex.';
COMMENT ON COLUMN tds_products.source_created_at IS 'Zoho: created_time.';
COMMENT ON COLUMN tds_products.source_modified_at IS 'Zoho: last_modified_time, the version that is stored.';
COMMENT ON COLUMN tds_products.completed_version IS 'The version up to which the record is known completely; where it is not source_modified_at, a completing read is owed.';
COMMENT ON COLUMN tds_products.source_read_at IS 'When the source was last looked at.';
COMMENT ON COLUMN tds_products.version IS 'How many changes were applied, the first included.';
COMMENT ON COLUMN tds_products.deleted_at IS 'When it was found deleted at the source; NULL for a living record.';
COMMENT ON COLUMN tds_products.created_at IS 'When the row was first written.';
COMMENT ON COLUMN tds_products.updated_at IS 'When the row was last written.';
COMMENT ON COLUMN tds_products.last_event_id IS 'The event that was applied last; NULL after a read without one.';
COMMENT ON INDEX tds_products_pkey IS 'The record by its Zoho id: every change, every look-up.';
CREATE INDEX tds_products_sku ON tds_products (organization_id, sku);
COMMENT ON INDEX tds_products_sku IS 'The ERP finds a product by its SKU.';
CREATE INDEX tds_products_status ON tds_products (organization_id, status);
COMMENT ON INDEX tds_products_status IS 'The ERP lists the active products.';
CREATE INDEX tds_products_source_modified_at ON tds_products (organization_id, source_modified_at);
COMMENT ON INDEX tds_products_source_modified_at IS 'Comparing with the source, and lists by latest change.';

-- No foreign key to the product: a parent and its children change in one transaction written by one
-- function, and the check would cost one look-up and one row lock per child on the busiest path.
CREATE TABLE tds_product_stock (
  organization_id text COLLATE "C" NOT NULL,
  product_zoho_id text COLLATE "C" NOT NULL,
  location_zoho_id text COLLATE "C" NOT NULL,
  location_name text,
  stock_on_hand numeric,
  available_stock numeric,
  actual_available_stock numeric,
  CONSTRAINT tds_product_stock_pkey PRIMARY KEY (organization_id, product_zoho_id, location_zoho_id)
);

COMMENT ON TABLE tds_product_stock IS 'Stock of a product at one location: Zoho''s item.locations. Changes in the transaction of its product.';
COMMENT ON COLUMN tds_product_stock.organization_id IS 'Zoho organisation of the product.';
COMMENT ON COLUMN tds_product_stock.product_zoho_id IS 'Zoho: item_id of the product.';
COMMENT ON COLUMN tds_product_stock.location_zoho_id IS 'Zoho: location_id.';
COMMENT ON COLUMN tds_product_stock.location_name IS 'Zoho: location_name.';
COMMENT ON COLUMN tds_product_stock.stock_on_hand IS 'Zoho: location_stock_on_hand; in units of the item.';
COMMENT ON COLUMN tds_product_stock.available_stock IS 'Zoho: location_available_stock; in units of the item.';
COMMENT ON COLUMN tds_product_stock.actual_available_stock IS 'Zoho: location_actual_available_stock; in units of the item.';
COMMENT ON INDEX tds_product_stock_pkey IS 'All locations of one product, which are replaced together.';
