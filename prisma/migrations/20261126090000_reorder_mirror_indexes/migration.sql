-- A record is looked up by organisation and id, thousands of times a minute, under plans that are kept. While a table is
-- new and its statistics say nothing, any index that begins with the organisation looks as good as the key, and a plan on
-- it reads the whole organisation for each record. So only keys begin with it.

DROP INDEX tds_products_sku;
CREATE INDEX tds_products_sku ON tds_products (sku, organization_id);
COMMENT ON INDEX tds_products_sku IS 'The ERP finds a product by its SKU.';

DROP INDEX tds_products_status;
CREATE INDEX tds_products_status ON tds_products (status, organization_id);
COMMENT ON INDEX tds_products_status IS 'The ERP lists the active products.';

DROP INDEX tds_products_source_modified_at;
CREATE INDEX tds_products_source_modified_at ON tds_products (source_modified_at, organization_id);
COMMENT ON INDEX tds_products_source_modified_at IS 'Comparing with the source, and lists by latest change.';

DROP INDEX tds_invoices_customer;
CREATE INDEX tds_invoices_customer ON tds_invoices (customer_zoho_id, organization_id);
COMMENT ON INDEX tds_invoices_customer IS 'The ERP lists the invoices of a customer.';

DROP INDEX tds_invoices_status;
CREATE INDEX tds_invoices_status ON tds_invoices (status, organization_id);
COMMENT ON INDEX tds_invoices_status IS 'The ERP lists what is overdue.';

DROP INDEX tds_invoices_date;
CREATE INDEX tds_invoices_date ON tds_invoices (date, organization_id);
COMMENT ON INDEX tds_invoices_date IS 'The ERP lists the invoices of a period.';

DROP INDEX tds_invoices_source_modified_at;
CREATE INDEX tds_invoices_source_modified_at ON tds_invoices (source_modified_at, organization_id);
COMMENT ON INDEX tds_invoices_source_modified_at IS 'Comparing with the source, and lists by latest change.';

DROP INDEX tds_invoice_lines_item;
CREATE INDEX tds_invoice_lines_item ON tds_invoice_lines (item_zoho_id, organization_id);
COMMENT ON INDEX tds_invoice_lines_item IS 'The ERP asks on which invoices a product was sold.';
