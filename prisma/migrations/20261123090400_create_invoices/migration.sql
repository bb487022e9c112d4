-- Mirror of Zoho's invoices, with their lines.

CREATE TABLE tds_invoices (
  organization_id text COLLATE "C" NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  invoice_number text,
  customer_zoho_id text COLLATE "C",
  status text COLLATE "C",
  date date,
  due_date date,
  reference_number text,
  currency_code text COLLATE "C",
  exchange_rate numeric,
  sub_total numeric,
  tax_total numeric,
  discount_total numeric,
  adjustment numeric,
  shipping_charge numeric,
  total numeric,
  balance numeric,
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
  CONSTRAINT tds_invoices_pkey PRIMARY KEY (organization_id, zoho_id)
);

CREATE TRIGGER tds_invoices_updated
  BEFORE UPDATE ON tds_invoices
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();

COMMENT ON TABLE tds_invoices IS 'Invoices: the invoices of Zoho.';
COMMENT ON COLUMN tds_invoices.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_invoices.zoho_id IS 'Zoho: invoice_id.';
COMMENT ON COLUMN tds_invoices.invoice_number IS 'Zoho: invoice_number.';
COMMENT ON COLUMN tds_invoices.customer_zoho_id IS 'Zoho: customer_id.';
COMMENT ON COLUMN tds_invoices.status IS 'Zoho: status (draft, sent, overdue, paid, void, ...).';
COMMENT ON COLUMN tds_invoices.date IS 'Zoho: date; a calendar day of the organisation.';
COMMENT ON COLUMN tds_invoices.due_date IS 'Zoho: due_date; a calendar day of the organisation.';
COMMENT ON COLUMN tds_invoices.reference_number IS 'Zoho: reference_number.';
COMMENT ON COLUMN tds_invoices.currency_code IS 'Zoho: currency_code; all amounts of the invoice are in it.';
COMMENT ON COLUMN tds_invoices.exchange_rate IS 'Zoho: exchange_rate; currency of the organisation per unit of currency_code.';
COMMENT ON COLUMN tds_invoices.sub_total IS 'Zoho: sub_total; in currency_code.';
COMMENT ON COLUMN tds_invoices.tax_total IS 'Zoho: tax_total; in currency_code.';
COMMENT ON COLUMN tds_invoices.discount_total IS 'Zoho: discount_total; in currency_code.';
COMMENT ON COLUMN tds_invoices.adjustment IS 'Zoho: adjustment; in currency_code.';
COMMENT ON COLUMN tds_invoices.shipping_charge IS 'Zoho: shipping_charge; in currency_code.';
COMMENT ON COLUMN tds_invoices.total IS 'Zoho: total; in currency_code.';
COMMENT ON COLUMN tds_invoices.balance IS 'Zoho: balance; what is still unpaid, in currency_code.';
COMMENT ON COLUMN tds_invoices.raw IS 'The last detail with later bodies merged into it by top-level key; holds also what is not mapped.';
COMMENT ON COLUMN tds_invoices.custom_fields IS 'Zoho: custom_fields, as an object of api_name to value.';
COMMENT ON COLUMN tds_invoices.content_hash IS 'Row hash: SHA-256 over mapped columns, lines and custom fields, in hex.';
COMMENT ON COLUMN tds_invoices.source_created_at IS 'Zoho: created_time.';
COMMENT ON COLUMN tds_invoices.source_modified_at IS 'Zoho: last_modified_time, the version that is stored.';
COMMENT ON COLUMN tds_invoices.completed_version IS 'The version up to which the record is known completely; where it is not source_modified_at, a completing read is owed.';
COMMENT ON COLUMN tds_invoices.source_read_at IS 'When the source was last looked at.';
COMMENT ON COLUMN tds_invoices.version IS 'How many changes were applied, the first included.';
COMMENT ON COLUMN tds_invoices.deleted_at IS 'When it was found deleted at the source; NULL for a living record.';
COMMENT ON COLUMN tds_invoices.created_at IS 'When the row was first written.';
COMMENT ON COLUMN tds_invoices.updated_at IS 'When the row was last written.';
COMMENT ON COLUMN tds_invoices.last_event_id IS 'The event that was applied last; NULL after a read without one.';
COMMENT ON INDEX tds_invoices_pkey IS 'The record by its Zoho id: every change, every look-up.';
CREATE INDEX tds_invoices_customer ON tds_invoices (organization_id, customer_zoho_id);
COMMENT ON INDEX tds_invoices_customer IS 'The ERP lists the invoices of a customer.';
CREATE INDEX tds_invoices_status ON tds_invoices (organization_id, status);
COMMENT ON INDEX tds_invoices_status IS 'The ERP lists what is overdue.';
CREATE INDEX tds_invoices_date ON tds_invoices (organization_id, date);
COMMENT ON INDEX tds_invoices_date IS 'The ERP lists the invoices of a period.';
CREATE INDEX tds_invoices_source_modified_at ON tds_invoices (organization_id, source_modified_at);
COMMENT ON INDEX tds_invoices_source_modified_at IS 'Comparing with the source, and lists by latest change.';

-- No foreign key to the invoice, for the reason given at tds_product_stock.
CREATE TABLE tds_invoice_lines (
  organization_id text COLLATE "C" NOT NULL,
  invoice_zoho_id text COLLATE "C" NOT NULL,
  line_zoho_id text COLLATE "C" NOT NULL,
  position integer,
  item_zoho_id text COLLATE "C",
  name text,
  description text,
  unit text,
  quantity numeric,
  rate numeric,
  discount text COLLATE "C",
  discount_amount numeric,
  tax_name text,
  tax_percentage numeric,
  item_total numeric,
  CONSTRAINT tds_invoice_lines_pkey PRIMARY KEY (organization_id, invoice_zoho_id, line_zoho_id)
);

COMMENT ON TABLE tds_invoice_lines IS 'Lines of an invoice: Zoho''s invoice.line_items. Change in the transaction of their invoice.';
COMMENT ON COLUMN tds_invoice_lines.organization_id IS 'Zoho organisation of the invoice.';
COMMENT ON COLUMN tds_invoice_lines.invoice_zoho_id IS 'Zoho: invoice_id of the invoice.';
COMMENT ON COLUMN tds_invoice_lines.line_zoho_id IS 'Zoho: line_item_id.';
COMMENT ON COLUMN tds_invoice_lines.position IS 'Zoho: item_order, else the place in the list counted from 1.';
COMMENT ON COLUMN tds_invoice_lines.item_zoho_id IS 'Zoho: item_id of the product sold; NULL for a line without one.';
COMMENT ON COLUMN tds_invoice_lines.name IS 'Zoho: name.';
COMMENT ON COLUMN tds_invoice_lines.description IS 'Zoho: description.';
COMMENT ON COLUMN tds_invoice_lines.unit IS 'Zoho: unit.';
COMMENT ON COLUMN tds_invoice_lines.quantity IS 'Zoho: quantity; in unit.';
COMMENT ON COLUMN tds_invoice_lines.rate IS 'Zoho: rate; price of one unit in the currency of the invoice.';
COMMENT ON COLUMN tds_invoice_lines.discount IS 'Zoho: discount; a percentage like 5%, or an amount in normal form.';
COMMENT ON COLUMN tds_invoice_lines.discount_amount IS 'Zoho: discount_amount; in the currency of the invoice.';
COMMENT ON COLUMN tds_invoice_lines.tax_name IS 'Zoho: tax_name.';
COMMENT ON COLUMN tds_invoice_lines.tax_percentage IS 'Zoho: tax_percentage; 23 means 23 %.';
COMMENT ON COLUMN tds_invoice_lines.item_total IS 'Zoho: item_total; in the currency of the invoice.';
COMMENT ON INDEX tds_invoice_lines_pkey IS 'All lines of one invoice, which are replaced together.';
CREATE INDEX tds_invoice_lines_item ON tds_invoice_lines (organization_id, item_zoho_id);
COMMENT ON INDEX tds_invoice_lines_item IS 'The ERP asks on which invoices a product was sold.';
