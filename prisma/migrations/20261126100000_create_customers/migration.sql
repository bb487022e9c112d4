-- Mirror of Zoho's contacts: customers, and vendors beside them.

CREATE TABLE tds_customers (
  organization_id text COLLATE "C" NOT NULL,
  zoho_id text COLLATE "C" NOT NULL,
  contact_name text,
  company_name text,
  contact_type text COLLATE "C",
  status text COLLATE "C",
  email text,
  phone text,
  mobile text,
  currency_code text COLLATE "C",
  payment_terms integer,
  outstanding_receivable_amount numeric,
  outstanding_payable_amount numeric,
  unused_credits_receivable_amount numeric,
  billing_address jsonb,
  shipping_address jsonb,
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
  CONSTRAINT tds_customers_pkey PRIMARY KEY (organization_id, zoho_id)
);

CREATE TRIGGER tds_customers_updated
  BEFORE UPDATE ON tds_customers
  FOR EACH ROW EXECUTE FUNCTION tds_update_timestamp();

COMMENT ON TABLE tds_customers IS 'Customers and vendors: the contacts of Zoho, told apart by contact_type.';
COMMENT ON COLUMN tds_customers.organization_id IS 'Zoho organisation of the record.';
COMMENT ON COLUMN tds_customers.zoho_id IS 'Zoho: contact_id.';
COMMENT ON COLUMN tds_customers.contact_name IS 'Zoho: contact_name.';
COMMENT ON COLUMN tds_customers.company_name IS 'Zoho: company_name.';
COMMENT ON COLUMN tds_customers.contact_type IS 'Zoho: contact_type (customer, vendor); the only thing that tells a vendor.';
COMMENT ON COLUMN tds_customers.status IS 'Zoho: status (active, inactive).';
COMMENT ON COLUMN tds_customers.email IS 'Zoho: email of the primary contact person.';
COMMENT ON COLUMN tds_customers.phone IS 'Zoho: phone.';
COMMENT ON COLUMN tds_customers.mobile IS 'Zoho: mobile.';
COMMENT ON COLUMN tds_customers.currency_code IS 'Zoho: currency_code; all amounts of the contact are in it.';
COMMENT ON COLUMN tds_customers.payment_terms IS 'Zoho: payment_terms; days, or one of Zoho''s negative codes for a rule such as the end of next month.';
COMMENT ON COLUMN tds_customers.outstanding_receivable_amount IS 'Zoho: outstanding_receivable_amount; what the contact owes, in currency_code. Moves without a new version.';
COMMENT ON COLUMN tds_customers.outstanding_payable_amount IS 'Zoho: outstanding_payable_amount; what is owed to the contact, in currency_code. Moves without a new version.';
COMMENT ON COLUMN tds_customers.unused_credits_receivable_amount IS 'Zoho: unused_credits_receivable_amount; credits that no invoice has used, in currency_code. Moves without a new version.';
COMMENT ON COLUMN tds_customers.billing_address IS 'Zoho: billing_address, as sent; the postcode under zip.';
COMMENT ON COLUMN tds_customers.shipping_address IS 'Zoho: shipping_address, as sent; the postcode under zip.';
COMMENT ON COLUMN tds_customers.raw IS 'The last detail with later bodies merged into it by top-level key; holds also what is not mapped.';
COMMENT ON COLUMN tds_customers.custom_fields IS 'Zoho: custom_fields, as an object of api_name to value.';
COMMENT ON COLUMN tds_customers.content_hash IS 'Row hash: SHA-256 over mapped columns, lines and custom fields, in hex.';
COMMENT ON COLUMN tds_customers.source_created_at IS 'Zoho: created_time.';
COMMENT ON COLUMN tds_customers.source_modified_at IS 'Zoho: last_modified_time, the version that is stored.';
COMMENT ON COLUMN tds_customers.completed_version IS 'The version up to which the record is known completely; where it is not source_modified_at, a completing read is owed.';
COMMENT ON COLUMN tds_customers.source_read_at IS 'When the source was last looked at.';
COMMENT ON COLUMN tds_customers.version IS 'How many changes were applied, the first included.';
COMMENT ON COLUMN tds_customers.deleted_at IS 'When it was found deleted at the source; NULL for a living record.';
COMMENT ON COLUMN tds_customers.created_at IS 'When the row was first written.';
COMMENT ON COLUMN tds_customers.updated_at IS 'When the row was last written.';
COMMENT ON COLUMN tds_customers.last_event_id IS 'The event that was applied last; NULL after a read without one.';
COMMENT ON INDEX tds_customers_pkey IS 'The record by its Zoho id: every change, every look-up.';
CREATE INDEX tds_customers_contact_type_status ON tds_customers (contact_type, status, organization_id);
COMMENT ON INDEX tds_customers_contact_type_status IS 'The ERP lists the active customers, or the active vendors.';
CREATE INDEX tds_customers_contact_name ON tds_customers (contact_name, organization_id);
COMMENT ON INDEX tds_customers_contact_name IS 'The ERP finds a contact by its name.';
CREATE INDEX tds_customers_source_modified_at ON tds_customers (source_modified_at, organization_id);
COMMENT ON INDEX tds_customers_source_modified_at IS 'Comparing with the source, and lists by latest change.';
