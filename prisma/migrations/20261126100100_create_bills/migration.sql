-- Mirror of Zoho's bills, with their lines, and what of them is overdue.

CREATE TABLE tds_bills (
  organization_id text COLLATE "C" NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  bill_number text,
  vendor_zoho_id text COLLATE "C",
  status text COLLATE "C",
  date date,
  due_date date,
  reference_number text,
  currency_code text COLLATE "C",
  exchange_rate numeric,
  sub_total numeric,
  tax_total numeric,
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
  CONSTRAINT tds_bills_pkey PRIMARY KEY (organization_id, zoho_id)
);

CREATE TRIGGER tds_bills_updated
  BEFORE UPDATE ON tds_bills
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();

COMMENT ON TABLE tds_bills IS 'Bills: the bills of Zoho, which vendors sent.';
COMMENT ON COLUMN tds_bills.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_bills.zoho_id IS 'Zoho: bill_id.';
COMMENT ON COLUMN tds_bills.bill_number IS 'Zoho: bill_number; the vendor''s own number.';
COMMENT ON COLUMN tds_bills.vendor_zoho_id IS 'Zoho: vendor_id; the contact that sent the bill.';
COMMENT ON COLUMN tds_bills.status IS 'Zoho: status (draft, open, partially_paid, paid, void, ...); instead of overdue the state behind it, because that word follows the calendar: ask tds_v_overdue_bills.';
COMMENT ON COLUMN tds_bills.date IS 'Zoho: date; a calendar day of the organisation.';
COMMENT ON COLUMN tds_bills.due_date IS 'Zoho: due_date; a calendar day of the organisation.';
COMMENT ON COLUMN tds_bills.reference_number IS 'Zoho: reference_number.';
COMMENT ON COLUMN tds_bills.currency_code IS 'Zoho: currency_code; all amounts of the bill are in it.';
COMMENT ON COLUMN tds_bills.exchange_rate IS 'Zoho: exchange_rate; currency of the organisation per unit of currency_code.';
COMMENT ON COLUMN tds_bills.sub_total IS 'Zoho: sub_total; in currency_code.';
COMMENT ON COLUMN tds_bills.tax_total IS 'Zoho: tax_total; in currency_code.';
COMMENT ON COLUMN tds_bills.total IS 'Zoho: total; in currency_code.';
COMMENT ON COLUMN tds_bills.balance IS 'Zoho: balance; what is still unpaid, in currency_code.';
COMMENT ON COLUMN tds_bills.raw IS 'The last detail with later bodies merged into it by top-level key; holds also what is not mapped.';
COMMENT ON COLUMN tds_bills.custom_fields IS 'Zoho: custom_fields, as an object of api_name to value.';
COMMENT ON COLUMN tds_bills.content_hash IS 'Row hash: SHA-256 over mapped columns, lines and custom fields, in hex.';
COMMENT ON COLUMN tds_bills.source_created_at IS 'Zoho: created_time.';
COMMENT ON COLUMN tds_bills.source_modified_at IS 'Zoho: last_modified_time, the version that is stored.';
COMMENT ON COLUMN tds_bills.completed_version IS 'The version up to which the record is known completely; where it is not source_modified_at, a completing read is owed.';
COMMENT ON COLUMN tds_bills.source_read_at IS 'When the source was last looked at.';
COMMENT ON COLUMN tds_bills.version IS 'How many changes were applied, the first included.';
COMMENT ON COLUMN tds_bills.deleted_at IS 'When it was found deleted at the source; NULL for a living record.';
COMMENT ON COLUMN tds_bills.created_at IS 'When the row was first written.';
COMMENT ON COLUMN tds_bills.updated_at IS 'When the row was last written.';
COMMENT ON COLUMN tds_bills.last_event_id IS 'The event that was applied last; NULL after a read without one.';
COMMENT ON INDEX tds_bills_pkey IS 'The record by its Zoho id: every change, every look-up.';
CREATE INDEX tds_bills_vendor ON tds_bills (vendor_zoho_id, organization_id);
COMMENT ON INDEX tds_bills_vendor IS 'The ERP lists the bills of a vendor.';
CREATE INDEX tds_bills_status ON tds_bills (status, organization_id);
COMMENT ON INDEX tds_bills_status IS 'The ERP lists what is open, and what of it is overdue.';
CREATE INDEX tds_bills_date ON tds_bills (date, organization_id);
COMMENT ON INDEX tds_bills_date IS 'The ERP lists the bills of a period.';
CREATE INDEX tds_bills_source_modified_at ON tds_bills (source_modified_at, organization_id);
COMMENT ON INDEX tds_bills_source_modified_at IS 'Comparing with the source, and lists by latest change.';

-- No foreign key to the bill, for the reason given at tds_product_stock.
CREATE TABLE tds_bill_lines (
  organization_id text COLLATE "C" NOT NULL,
  bill_zoho_id text COLLATE "C" NOT NULL,
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
  CONSTRAINT tds_bill_lines_pkey PRIMARY KEY (organization_id, bill_zoho_id, line_zoho_id)
);

COMMENT ON TABLE tds_bill_lines IS 'Lines of a bill: Zoho''s bill.line_items. Change in the transaction of their bill.';
COMMENT ON COLUMN tds_bill_lines.organization_id IS 'Zoho organisation of the bill.';
COMMENT ON COLUMN tds_bill_lines.bill_zoho_id IS 'Zoho: bill_id of the bill.';
COMMENT ON COLUMN tds_bill_lines.line_zoho_id IS 'Zoho: line_item_id.';
COMMENT ON COLUMN tds_bill_lines.position IS 'Zoho: item_order, else the place in the list counted from 1.';
COMMENT ON COLUMN tds_bill_lines.item_zoho_id IS 'Zoho: item_id of the product bought; NULL for a line without one.';
COMMENT ON COLUMN tds_bill_lines.name IS 'Zoho: name.';
COMMENT ON COLUMN tds_bill_lines.description IS 'Zoho: description.';
COMMENT ON COLUMN tds_bill_lines.unit IS 'Zoho: unit.';
COMMENT ON COLUMN tds_bill_lines.quantity IS 'Zoho: quantity; in unit.';
COMMENT ON COLUMN tds_bill_lines.rate IS 'Zoho: rate; price of one unit in the currency of the bill.';
COMMENT ON COLUMN tds_bill_lines.discount IS 'Zoho: discount; a percentage like 5%, or an amount in normal form.';
COMMENT ON COLUMN tds_bill_lines.discount_amount IS 'Zoho: discount_amount; in the currency of the bill.';
COMMENT ON COLUMN tds_bill_lines.tax_name IS 'Zoho: tax_name.';
COMMENT ON COLUMN tds_bill_lines.tax_percentage IS 'Zoho: tax_percentage; 23 means 23 %.';
COMMENT ON COLUMN tds_bill_lines.item_total IS 'Zoho: item_total; in the currency of the bill.';
COMMENT ON INDEX tds_bill_lines_pkey IS 'All lines of one bill, which are replaced together.';
CREATE INDEX tds_bill_lines_item ON tds_bill_lines (item_zoho_id, organization_id);
COMMENT ON INDEX tds_bill_lines_item IS 'The ERP asks on which bills a product was bought.';

CREATE VIEW tds_v_overdue_bills AS
SELECT
  bill.organization_id,
  bill.zoho_id,
  bill.bill_number,
  bill.vendor_zoho_id,
  bill.status,
  bill.due_date,
  tds_now()::date - bill.due_date AS days_overdue,
  bill.currency_code,
  bill.balance
FROM tds_bills AS bill
WHERE bill.deleted_at IS NULL
  AND tds_is_overdue(bill.status, bill.due_date, bill.balance);
COMMENT ON VIEW tds_v_overdue_bills IS 'The living bills that are past their due date and not fully paid, by the day in the session''s time zone.';
