import { decimal, multiply, roundTo, subtract, sum, zero, type Decimal } from '../exact/decimal.ts'
import { decimalOf, objectOf, objectsOf, pick, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import { documentAddress } from './addresses.ts'
import type { WorldRecord } from './collection.ts'
import { lineChanges } from './document-lines.ts'
import { subTotal, taxesOf } from './line-amounts.ts'
import { currencyOf, pickCustomer } from './parties.ts'
import { amountStyle } from './prices.ts'
import {
  clearing,
  documentDates,
  never,
  rewriting,
  statusFilters,
  touch,
  type ChangeContext,
  type RecordKind,
} from './record-kind.ts'
import { changedLine, inOrder, newSalesLine, type LineContext } from './sales-line.ts'
import type { WorldSize } from './size.ts'
import { pastStamp, times, type Stamp } from './stamp.ts'
import { addRecord, type NewRecord, type World } from './world.ts'

/** Credit notes, most of them about an invoice. */
export const creditNote: RecordKind = {
  type: 'credit_note',
  resource: 'credit-notes',
  path: 'creditnotes',
  listKey: 'creditnotes',
  wrapper: 'creditnote',
  idKey: 'creditnote_id',
  noun: 'Credit Note',
  home: 'books',
  scopes: { books: 'creditnotes', inventory: 'creditnotes' },
  list: {
    reportName: 'Credit Notes',
    defaultFilter: 'Status.All',
    filters: statusFilters('open', 'draft', 'closed', 'void'),
    inactive: never,
    defaultSort: { column: 'created_time', order: 'D' },
    sortColumns: { books: sortable(), inventory: sortable() },
    lastModifiedFilter: ['books'],
    parameters: documentDates,
  },
  webhookKeys: [
    'creditnote_id',
    'creditnote_number',
    'date',
    'status',
    'reference_number',
    'customer_id',
    'customer_name',
    'currency_id',
    'currency_code',
    'exchange_rate',
    'line_items',
    'sub_total',
    'tax_total',
    'taxes',
    'total',
    'balance',
    'total_credits_used',
    'total_refunded_amount',
    'invoices_credited',
    'custom_fields',
    'custom_field_hash',
    'created_time',
    'last_modified_time',
  ],
  make: newCreditNote,
  row: creditNoteRow,
  detail: (record) => record.detail,
  changes: {
    touch,
    ...lineChanges({
      add: (detail, context) => newCreditLine(undefined, lineContext(detail, context)),
      change: (line, detail, context) => changedLine(line, lineContext(detail, context)),
      withLines: (detail, lines) => withLines(detail, lines),
    }),
    apply: (detail) => (detail['status'] === 'open' ? withUse(detail, 'closed') : null),
    void: (detail) => (detail['status'] === 'void' ? null : withUse(detail, 'void')),
    reference: rewriting('reference_number', (random) => `INV-${random.between(100_000, 999_999)}`),
    notes: rewriting('notes', (random) => `Returned, box ${random.between(1, 999)}`),
    clear: clearing('reference_number', 'notes', 'terms'),
  },
  effects: {
    contactKey: 'customer_id',
    stock: { sign: 1, quantityKey: 'quantity' },
    stockStatuses: (status) => status !== 'draft' && status !== 'void',
  },
}

/** Fills the world with credit notes. */
export function populateCreditNotes(world: World, random: Random, size: WorldSize): void {
  for (let made = 0; made < size.creditNotes; made++) {
    addRecord(world, 'credit_note', newCreditNote(world, random, pastStamp(random)))
  }
}

function newCreditNote(world: World, random: Random, stamp: Stamp): NewRecord {
  const id = world.nextId()
  const credited = random.chance(0.7) ? world.collections.invoice.pick(random, 'living') : undefined
  const contact = customerOf(world, credited) ?? pickCustomer(world, random)
  const blank: JsonObject = {
    ...heading(world, random, { id, stamp, credited }),
    customer_id: contact.id,
    customer_name: textOf(contact.detail, 'contact_name'),
    contact_persons: [],
    salesperson_id: '',
    salesperson_name: '',
    invoice_id: credited?.id ?? '',
    invoices_credited: [],
    ...currencyKeys(world, contact.detail),
    line_items: [],
    ...noTotals(),
    ...presentation(world, random),
    billing_address: documentAddress(objectOf(contact.detail, 'billing_address')),
    shipping_address: documentAddress(objectOf(contact.detail, 'shipping_address')),
    ...closing(world, random, stamp),
  }
  const context = lineContext(blank, { world, random })
  const lines = Array.from({ length: random.between(1, 3) }, () => newCreditLine(credited, context))
  return { id, detail: { ...blank, ...withLines(blank, lines) }, ...stamp }
}

function customerOf(world: World, credited: WorldRecord | undefined): WorldRecord | undefined {
  return credited && world.collections.customer.get(textOf(credited.detail, 'customer_id'))
}

interface Heading {
  id: string
  stamp: Stamp
  credited: WorldRecord | undefined
}

function heading(world: World, random: Random, { id, stamp, credited }: Heading): JsonObject {
  const date = world.zone.date(stamp.createdMs)
  const status = random.pick(['open', 'open', 'open', 'draft', 'closed', 'closed', 'void'])
  return {
    creditnote_id: id,
    creditnote_number: `CN-${String(world.nextNumber()).padStart(5, '0')}`,
    date,
    issued_date: date,
    status,
    current_sub_status_id: '',
    current_sub_status: status,
    sub_statuses: [],
    reference_number: credited === undefined ? '' : textOf(credited.detail, 'invoice_number'),
  }
}

function currencyKeys(world: World, contact: JsonObject): JsonObject {
  const currency = currencyOf(world, contact)
  return {
    currency_id: currency.id,
    currency_code: currency.code,
    currency_symbol: currency.symbol,
    currency_name_formatted: currency.name,
    exchange_rate: currency.exchangeRate,
    price_precision: 2,
    is_inclusive_tax: false,
    discount: zero,
    discount_type: 'item_level',
    is_discount_before_tax: true,
  }
}

function noTotals(): JsonObject {
  return {
    sub_total: zero,
    tax_total: zero,
    taxes: [],
    shipping_charge: zero,
    adjustment: zero,
    adjustment_description: '',
    roundoff_value: zero,
    total: zero,
    total_credits_used: zero,
    total_refunded_amount: zero,
    balance: zero,
    creditnote_refunds: [],
  }
}

function presentation({ references }: World, random: Random): JsonObject {
  const { receivable } = references.accounts
  const { creditNote: template } = references.templates
  return {
    rounding_mode: 'round_half_up',
    account_id: receivable.id,
    account_name: receivable.name,
    notes: random.chance(0.4) ? 'بضاعة تالفة' : '',
    terms: '',
    is_emailed: false,
    is_viewed_by_client: false,
    client_viewed_time: '',
    template_id: template.id,
    template_name: template.name,
    template_type: 'standard',
  }
}

function closing({ references, zone }: World, random: Random, stamp: Stamp): JsonObject {
  const author = random.pick(references.users)
  const [location = { id: '', name: '' }] = references.locations
  const { created_time = '', last_modified_time = '' } = times(zone, stamp)
  return {
    documents: [],
    custom_fields: [],
    custom_field_hash: {},
    approvers_list: [],
    tags: [],
    location_id: location.id,
    location_name: location.name,
    created_time,
    created_by_id: author.id,
    created_by_name: author.name,
    last_modified_by_id: author.id,
    last_modified_time,
  }
}

function newCreditLine(credited: WorldRecord | undefined, context: LineContext): JsonObject {
  const [sold] = credited === undefined ? [] : objectsOf(credited.detail, 'line_items')
  return {
    ...newSalesLine(context),
    invoice_id: credited?.id ?? '',
    invoice_item_id: sold?.['line_item_id'] ?? '',
    is_credit_only_item: false,
  }
}

function lineContext(detail: JsonObject, { world, random }: ChangeContext): LineContext {
  return {
    world,
    random,
    exchangeRate: decimalOf(detail, 'exchange_rate'),
    style: amountStyle(textOf(detail, 'creditnote_id')),
  }
}

function withLines(detail: JsonObject, unordered: JsonObject[]): JsonObject {
  const lines = inOrder(unordered)
  const style = amountStyle(textOf(detail, 'creditnote_id'))
  const net = subTotal(lines)
  const { total: tax, taxes } = taxesOf(lines, style)
  const total = sum([net, tax])
  return {
    line_items: lines,
    sub_total: style(net),
    tax_total: style(tax),
    taxes,
    total: style(total),
    ...use(textOf(detail, 'status'), total, style),
  }
}

function withUse(detail: JsonObject, status: string): JsonObject {
  const style = amountStyle(textOf(detail, 'creditnote_id'))
  return { status, current_sub_status: status, ...use(status, decimalOf(detail, 'total'), style) }
}

/** A closed credit note is used to a part and refunded for the rest; a void one has nothing left. */
function use(status: string, total: Decimal, style: (amount: Decimal) => Decimal): JsonObject {
  const used = status === 'closed' ? roundTo(multiply(total, decimal('0.75')), 2) : zero
  const refunded = status === 'closed' ? subtract(total, used) : zero
  const balance = status === 'void' ? zero : subtract(total, sum([used, refunded]))
  return { total_credits_used: style(used), total_refunded_amount: style(refunded), balance: style(balance) }
}

function creditNoteRow(record: WorldRecord): JsonObject {
  const columns: JsonObject = {
    ...record.detail,
    applied_invoices: '',
    has_attachment: false,
    // Without a salesperson the row names one that does not exist.
    salesperson_name: 'Others',
    salesperson_id: '-1',
    color_code: '',
  }
  return pick(columns, rowKeys)
}

function sortable(): string[] {
  return [
    'customer_name',
    'creditnote_number',
    'balance',
    'total',
    'date',
    'txn_posting_date',
    'created_time',
    'last_modified_time',
  ]
}

const rowKeys = [
  'creditnote_id',
  'creditnote_number',
  'status',
  'reference_number',
  'date',
  'issued_date',
  'total',
  'balance',
  'customer_id',
  'customer_name',
  'applied_invoices',
  'is_emailed',
  'has_attachment',
  'salesperson_name',
  'salesperson_id',
  'is_viewed_by_client',
  'client_viewed_time',
  'color_code',
  'current_sub_status_id',
  'current_sub_status',
  'currency_id',
  'currency_code',
  'created_time',
  'last_modified_time',
  'exchange_rate',
  'template_id',
  'template_type',
  'rounding_mode',
  'price_precision',
  'tags',
]
