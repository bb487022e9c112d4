import { defineEntity } from './define-entity.ts'
import { documentLines, documentQuality, documentReferences } from './document-lines.ts'
import { billExample } from './examples/bill.ts'
import { behindOverdue } from './overdue.ts'

/**
 * Bills, read from Books; a list row has neither lines nor tax sums, and under `is_opening_balance` it holds the bill's
 * own id, which is why that key is not mapped.
 */
export const bill = defineEntity({
  type: 'bill',
  resource: 'bills',
  aliases: [],
  source: {
    root: '/books/v3',
    path: '/bills',
    wrapper: 'bill',
    listKey: 'bills',
    list: { filterBy: 'Status.All', sortColumn: 'created_time' },
    id: 'bill_id',
    names: [],
  },
  table: 'tds_bills',
  columns: {
    bill_number: { inList: true },
    vendor_zoho_id: { kind: 'id', keys: ['vendor_id'], required: true, inList: true },
    status: { required: true, inList: true, calendar: behindOverdue(() => 'open') },
    date: { kind: 'date', required: true, inList: true },
    due_date: { kind: 'date', inList: true },
    reference_number: { inList: true },
    currency_code: { inList: true },
    exchange_rate: { kind: 'decimal', inList: true },
    sub_total: { kind: 'decimal' },
    tax_total: { kind: 'decimal' },
    total: { kind: 'decimal', inList: true },
    balance: { kind: 'decimal', inList: true },
  },
  children: { tds_bill_lines: documentLines('bill_zoho_id') },
  references: documentReferences('vendor_zoho_id', 'tds_bill_lines'),
  quality: documentQuality('tds_bill_lines'),
  example: billExample,
})
