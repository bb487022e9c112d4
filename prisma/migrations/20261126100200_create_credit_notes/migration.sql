-- Mirror of Zoho's credit notes, with their lines.

CREATE TABLE tds_credit_notes (
  organization_id text COLLATE "C" NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  creditnote_number text,
  customer_zoho_id text COLLATE "C",
  status text COLLATE "C",
  date date,
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
  CONSTRAINT tds_credit_notes_pkey PRIMARY KEY (organization_id, zoho_id)
);

CREATE TRIGGER tds_credit_notes_updated
  BEFORE UPDATE ON tds_credit_notes
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();

COMMENT ON TABLE tds_credit_notes IS 'Credit notes: the credit notes of Zoho.';
COMMENT ON COLUMN tds_credit_notes.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_credit_notes.zoho_id IS 'Zoho: creditnote_id.';
COMMENT ON COLUMN tds_credit_notes.creditnote_number IS 'Zoho: creditnote_number.';
COMMENT ON COLUMN tds_credit_notes.customer_zoho_id IS 'Zoho: customer_id.';
COMMENT ON COLUMN tds_credit_notes.status IS 'Zoho: status (draft, open, closed, void, ...).';
COMMENT ON COLUMN tds_credit_notes.date IS 'Zoho: date; a calendar day of the organisation.';
COMMENT ON COLUMN tds_credit_notes.reference_number IS 'Zoho: reference_number.';
COMMENT ON COLUMN tds_credit_notes.currency_code IS 'Zoho: currency_code; all amounts of the credit note are in it.';
COMMENT ON COLUMN tds_credit_notes.exchange_rate IS 'Zoho: exchange_rate; currency of the organisation per unit of currency_code.';
COMMENT ON COLUMN tds_credit_notes.sub_total IS 'Zoho: sub_total; in currency_code.';
COMMENT ON COLUMN tds_credit_notes.tax_total IS 'Zoho: tax_total; in currency_code.';
COMMENT ON COLUMN tds_credit_notes.total IS 'Zoho: total; in currency_code.';
COMMENT ON COLUMN tds_credit_notes.balance IS 'Zoho: balance; what is neither used nor refunded yet, in currency_code.';
COMMENT ON COLUMN tds_credit_notes.raw IS 'The last detail with later bodies merged into it by top-level key; holds also what is not mapped.';
COMMENT ON COLUMN tds_credit_notes.custom_fields IS 'Zoho: custom_fields, as an object of api_name to value.';
COMMENT ON COLUMN tds_credit_notes.content_hash IS 'Row hash: SHA-256 over mapped columns, lines and custom fields, in hex.';
COMMENT ON COLUMN tds_credit_notes.source_created_at IS 'Zoho: created_time.';
COMMENT ON COLUMN tds_credit_notes.source_modified_at IS 'Zoho: last_modified_time, the version that is stored.';
COMMENT ON COLUMN tds_credit_notes.completed_version IS 'The version up to which the record is known completely; where it is not source_modified_at, a completing read is owed.';
COMMENT ON COLUMN tds_credit_notes.source_read_at IS 'When the source was last looked at.';
COMMENT ON COLUMN tds_credit_notes.version IS 'How many changes were applied, the first included.';
COMMENT ON COLUMN tds_credit_notes.deleted_at IS 'When it was found deleted at the source; NULL for a living record.';
COMMENT ON COLUMN tds_credit_notes.created_at IS 'When the row was first written.';
COMMENT ON COLUMN tds_credit_notes.updated_at IS 'When the row was last written.';
COMMENT ON COLUMN tds_credit_notes.last_event_id IS 'The event that was applied last; NULL after a read without one.';
COMMENT ON INDEX tds_credit_notes_pkey IS 'The record by its Zoho id: every change, every look-up.';
CREATE INDEX tds_credit_notes_customer ON tds_credit_notes (customer_zoho_id, organization_id);
COMMENT ON INDEX tds_credit_notes_customer IS 'The ERP lists the credit notes of a customer.';
CREATE INDEX tds_credit_notes_status ON tds_credit_notes (status, organization_id);
COMMENT ON INDEX tds_credit_notes_status IS 'The ERP lists what can still be used.';
CREATE INDEX tds_credit_notes_date ON tds_credit_notes (date, organization_id);
COMMENT ON INDEX tds_credit_notes_date IS 'The ERP lists the credit notes of a period.';
CREATE INDEX tds_credit_notes_source_modified_at ON tds_credit_notes (source_modified_at, organization_id);
COMMENT ON INDEX tds_credit_notes_source_modified_at IS 'Comparing with the source, and lists by latest change.';

-- No foreign key to the credit note, for the reason given at tds_product_stock.
CREATE TABLE tds_credit_note_lines (
  organization_id text COLLATE "C" NOT NULL,
  credit_note_zoho_id text COLLATE "C" NOT NULL,
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
  CONSTRAINT tds_credit_note_lines_pkey PRIMARY KEY (organization_id, credit_note_zoho_id, line_zoho_id)
);

COMMENT ON TABLE tds_credit_note_lines IS 'Lines of a credit note: Zoho''s creditnote.line_items. Change in the transaction of their credit note.';
COMMENT ON COLUMN tds_credit_note_lines.organization_id IS 'Zoho organisation of the credit note.';
COMMENT ON COLUMN tds_credit_note_lines.credit_note_zoho_id IS 'Zoho: creditnote_id of the credit note.';
COMMENT ON COLUMN tds_credit_note_lines.line_zoho_id IS 'Zoho: line_item_id.';
COMMENT ON COLUMN tds_credit_note_lines.position IS 'Zoho: item_order, else the place in the list counted from 1.';
COMMENT ON COLUMN tds_credit_note_lines.item_zoho_id IS 'Zoho: item_id of the product credited; NULL for a line without one.';
COMMENT ON COLUMN tds_credit_note_lines.name IS 'Zoho: name.';
COMMENT ON COLUMN tds_credit_note_lines.description IS 'Zoho: description.';
COMMENT ON COLUMN tds_credit_note_lines.unit IS 'Zoho: unit.';
COMMENT ON COLUMN tds_credit_note_lines.quantity IS 'Zoho: quantity; in unit.';
COMMENT ON COLUMN tds_credit_note_lines.rate IS 'Zoho: rate; price of one unit in the currency of the credit note.';
COMMENT ON COLUMN tds_credit_note_lines.discount IS 'Zoho: discount; a percentage like 5%, or an amount in normal form.';
COMMENT ON COLUMN tds_credit_note_lines.discount_amount IS 'Zoho: discount_amount; in the currency of the credit note.';
COMMENT ON COLUMN tds_credit_note_lines.tax_name IS 'Zoho: tax_name.';
COMMENT ON COLUMN tds_credit_note_lines.tax_percentage IS 'Zoho: tax_percentage; 23 means 23 %.';
COMMENT ON COLUMN tds_credit_note_lines.item_total IS 'Zoho: item_total; in the currency of the credit note.';
COMMENT ON INDEX tds_credit_note_lines_pkey IS 'All lines of one credit note, which are replaced together.';
CREATE INDEX tds_credit_note_lines_item ON tds_credit_note_lines (item_zoho_id, organization_id);
COMMENT ON INDEX tds_credit_note_lines_item IS 'The ERP asks on which credit notes a product came back.';
