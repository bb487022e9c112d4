import { defineEntity } from './define-entity.ts'
import { documentLines, documentQuality, documentReferences } from './document-lines.ts'
import { creditNoteExample } from './examples/credit-note.ts'

/** Credit notes, read from Books; a list row has no lines, tax sums, addresses or custom fields. */
export const creditNote = defineEntity({
  type: 'credit_note',
  resource: 'credit-notes',
  aliases: ['creditnotes'],
  source: {
    root: '/books/v3',
    path: '/creditnotes',
    wrapper: 'creditnote',
    listKey: 'creditnotes',
    list: { filterBy: 'Status.All', sortColumn: 'created_time' },
    id: 'creditnote_id',
    names: [],
  },
  table: 'tds_credit_notes',
  columns: {
    creditnote_number: { required: true, inList: true },
    customer_zoho_id: { kind: 'id', keys: ['customer_id'], required: true, inList: true },
    status: { required: true, inList: true },
    date: { kind: 'date', required: true, inList: true },
    reference_number: { inList: true },
    currency_code: { inList: true },
    exchange_rate: { kind: 'decimal', inList: true },
    sub_total: { kind: 'decimal' },
    tax_total: { kind: 'decimal' },
    total: { kind: 'decimal', inList: true },
    balance: { kind: 'decimal', inList: true },
  },
  children: { tds_credit_note_lines: documentLines('credit_note_zoho_id') },
  references: documentReferences('customer_zoho_id', 'tds_credit_note_lines'),
  quality: documentQuality('tds_credit_note_lines'),
  example: creditNoteExample,
})
