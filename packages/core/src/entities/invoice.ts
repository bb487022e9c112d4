import { readColumn } from './columns.ts'
import { defineEntity } from './define-entity.ts'
import { documentLines, documentQuality, documentReferences } from './document-lines.ts'
import { invoiceExample } from './examples/invoice.ts'
import { behindOverdue } from './overdue.ts'

const viewed = 'is_viewed_by_client'

/** Invoices, read from Books; a list row has neither lines nor tax sums. */
export const invoice = defineEntity({
  type: 'invoice',
  resource: 'invoices',
  aliases: [],
  source: {
    root: '/books/v3',
    path: '/invoices',
    wrapper: 'invoice',
    listKey: 'invoices',
    list: { filterBy: 'Status.All', sortColumn: 'created_time' },
    id: 'invoice_id',
    names: [],
  },
  table: 'tds_invoices',
  columns: {
    invoice_number: { required: true, inList: true },
    customer_zoho_id: { kind: 'id', keys: ['customer_id'], required: true, inList: true },
    status: {
      required: true,
      inList: true,
      calendar: behindOverdue(
        (record) => (readColumn('boolean', record[viewed] ?? null, viewed) === 'true' ? 'viewed' : 'sent'),
        [viewed],
      ),
    },
    date: { kind: 'date', required: true, inList: true },
    due_date: { kind: 'date', inList: true },
    reference_number: { inList: true },
    currency_code: { inList: true },
    exchange_rate: { kind: 'decimal', inList: true },
    sub_total: { kind: 'decimal' },
    tax_total: { kind: 'decimal' },
    discount_total: { kind: 'decimal' },
    adjustment: { kind: 'decimal', inList: true },
    shipping_charge: { kind: 'decimal', inList: true },
    total: { kind: 'decimal', required: true, inList: true },
    balance: { kind: 'decimal', inList: true },
  },
  children: { tds_invoice_lines: documentLines('invoice_zoho_id') },
  references: documentReferences('customer_zoho_id', 'tds_invoice_lines'),
  quality: documentQuality('tds_invoice_lines'),
  example: invoiceExample,
})
