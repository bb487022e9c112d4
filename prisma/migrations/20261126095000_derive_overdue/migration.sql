-- Whether a document is overdue is asked of the calendar, never stored.

CREATE FUNCTION tds_is_overdue(status text, due_date date, balance numeric) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
  SELECT coalesce(
    -- `overdue` itself is only in rows from before it was derived, until their next read.
    status IN ('sent', 'viewed', 'open', 'unpaid', 'partially_paid', 'overdue')
      AND balance > 0
      AND due_date < tds_now()::date,
    false
  )
$$;
COMMENT ON FUNCTION tds_is_overdue(text, date, numeric) IS 'Whether an open document of this status, due date and unpaid balance is past its due date: from the day after it, by the day in the session''s time zone.';

CREATE VIEW tds_v_overdue_invoices AS
SELECT
  invoice.organization_id,
  invoice.zoho_id,
  invoice.invoice_number,
  invoice.customer_zoho_id,
  invoice.status,
  invoice.due_date,
  tds_now()::date - invoice.due_date AS days_overdue,
  invoice.currency_code,
  invoice.balance
FROM tds_invoices AS invoice
WHERE invoice.deleted_at IS NULL
  AND tds_is_overdue(invoice.status, invoice.due_date, invoice.balance);
COMMENT ON VIEW tds_v_overdue_invoices IS 'The living invoices that are past their due date and not fully paid, by the day in the session''s time zone.';

COMMENT ON COLUMN tds_invoices.status IS 'Zoho: status (draft, sent, viewed, partially_paid, paid, void, ...); instead of overdue the state behind it, because that word follows the calendar: ask tds_v_overdue_invoices.';
COMMENT ON INDEX tds_invoices_status IS 'The ERP lists what is open, and what of it is overdue.';
