import { decimal, multiply, roundTo, subtract, sum, zero, type Decimal } from '../exact/decimal.ts'
import { decimalOf, objectOf, objectsOf, pick, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import { invoiceAddress, rowAddress } from './addresses.ts'
import type { WorldRecord } from './collection.ts'
import { lineChanges } from './document-lines.ts'
import { discountOf, subTotal, taxesOf } from './line-amounts.ts'
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
  type View,
} from './record-kind.ts'
import type { Currency } from './reference-data.ts'
import {
  changedLine,
  discountKey,
  inOrder,
  newSalesLine,
  pricedLine,
  type LineContext,
} from './sales-line.ts'
import { settlement } from './settlement.ts'
import type { WorldSize } from './size.ts'
import { daysBetween, daysLater, pastStamp, shownDueDays, times, type Stamp } from './stamp.ts'
import { addRecord, type NewRecord, type World } from './world.ts'

/** Sales invoices with their lines. */
export const invoice: RecordKind = {
  type: 'invoice',
  resource: 'invoices',
  path: 'invoices',
  listKey: 'invoices',
  wrapper: 'invoice',
  idKey: 'invoice_id',
  noun: 'Invoice',
  home: 'books',
  scopes: { books: 'invoices', inventory: 'invoices' },
  list: {
    reportName: 'Invoices',
    defaultFilter: 'Status.All',
    filters: statusFilters('draft', 'sent', 'viewed', 'overdue', 'unpaid', 'partially_paid', 'paid', 'void'),
    inactive: never,
    defaultSort: { column: 'created_time', order: 'D' },
    sortColumns: { books: sortable(), inventory: [...sortable(), 'last_modified_time'] },
    lastModifiedFilter: ['books'],
    parameters: documentDates,
  },
  webhookKeys: [
    'invoice_id',
    'invoice_number',
    'date',
    'due_date',
    'reference_number',
    'status',
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
    'payment_made',
    'balance',
    'billing_address',
    'shipping_address',
    'custom_fields',
    'custom_field_hash',
    'salesorder_id',
    'notes',
    'created_time',
    'last_modified_time',
  ],
  make: newInvoice,
  row: invoiceRow,
  detail: (record) => record.detail,
  changes: {
    touch,
    ...lineChanges({
      add: (detail, context) => newInvoiceLine(lineContext(detail, context)),
      change: (line, detail, context) => changedLine(line, lineContext(detail, context)),
      withLines: (detail, lines) => withLines(detail, lines),
    }),
    pay: (detail) => (detail['status'] === 'paid' ? null : withStatus(detail, nextPayment(detail))),
    void: (detail) => (detail['status'] === 'void' ? null : withStatus(detail, 'void')),
    discount: (detail, context) => withOtherDiscount(detail, context),
    'due-date': (detail, { random }) => ({
      due_date: daysLater(textOf(detail, 'due_date'), random.between(1, 30)),
    }),
    reference: rewriting('reference_number', (random) => `PO-${random.between(1000, 9999)}`),
    notes: rewriting(
      'notes',
      (random) => `${random.pick(['Thank you.', 'شكرا لكم'])} ${random.between(1, 999)}`,
    ),
    clear: clearing('reference_number', 'notes', 'email', 'terms'),
  },
  effects: {
    contactKey: 'customer_id',
    stock: { sign: -1, quantityKey: 'quantity' },
    stockStatuses: (status) => status !== 'draft' && status !== 'void',
  },
  overdue: { open: ['sent', 'viewed', 'unpaid', 'partially_paid'], notYetDue: 'sent' },
}

/** Fills the world with invoices of one to eight lines. */
export function populateInvoices(world: World, random: Random, size: WorldSize): void {
  for (let made = 0; made < size.invoices; made++) {
    addRecord(world, 'invoice', newInvoice(world, random, pastStamp(random)))
  }
}

function newInvoice(world: World, random: Random, stamp: Stamp): NewRecord {
  const id = world.nextId()
  const contact = pickCustomer(world, random)
  const currency = currencyOf(world, contact.detail)
  const head = heading(world, random, { id, stamp, contact: contact.detail })
  const blank: JsonObject = {
    ...head,
    ...currencyKeys(currency),
    ...saleTerms(random, contact.detail),
    line_items: [],
    ...noTotals(random),
    ...relations(world, random),
    ...mailing(head),
    ...presentation(world, random),
    billing_address: invoiceAddress(objectOf(contact.detail, 'billing_address')),
    shipping_address: invoiceAddress(objectOf(contact.detail, 'shipping_address')),
    contact: {
      customer_balance: decimalOf(contact.detail, 'outstanding_receivable_amount'),
      credit_limit: decimalOf(contact.detail, 'credit_limit'),
      unused_customer_credits: decimalOf(contact.detail, 'unused_credits_receivable_amount'),
      is_credit_limit_migration_completed: true,
    },
    invoice_url: `https://pay.example/books/palmyard/secure?CInvoiceID=2-${id}`,
    ...authorship(world, random, stamp),
  }
  const context = lineContext(blank, { world, random })
  const lines = Array.from({ length: random.between(1, 8) }, () => newInvoiceLine(context))
  return { id, detail: { ...blank, ...withLines(blank, lines) }, ...stamp }
}

interface Heading {
  id: string
  stamp: Stamp
  contact: JsonObject
}

function heading(world: World, random: Random, { id, stamp, contact }: Heading): JsonObject {
  const date = world.zone.date(stamp.createdMs)
  const days = Number(decimalOf(contact, 'payment_terms').source)
  const status = random.weighted(statusWeights)
  const person = textOf(contact, 'primary_contact_id')
  return {
    invoice_id: id,
    invoice_number: `INV-${String(world.nextNumber()).padStart(6, '0')}`,
    date,
    due_date: daysLater(date, days < 0 ? 45 : days),
    issued_date: date,
    reference_number: random.chance(0.5) ? `PO-${random.between(1000, 9999)}` : '',
    status,
    current_sub_status_id: '',
    current_sub_status: status,
    sub_statuses: [],
    customer_id: textOf(contact, 'contact_id'),
    customer_name: textOf(contact, 'contact_name'),
    email: textOf(contact, 'email'),
    contact_persons: person === '' ? [] : [person],
    customer_custom_fields: [],
    customer_custom_field_hash: {},
  }
}

function currencyKeys(currency: Currency): JsonObject {
  return {
    currency_id: currency.id,
    currency_code: currency.code,
    currency_symbol: currency.symbol,
    currency_name_formatted: currency.name,
    exchange_rate: currency.exchangeRate,
    price_precision: 2,
  }
}

function saleTerms(random: Random, contact: JsonObject): JsonObject {
  const entityLevel = random.chance(0.2)
  return {
    invoice_source: 'Web',
    sales_channel: 'direct_sales',
    ...pick(contact, ['payment_terms', 'payment_terms_label', 'payment_terms_id']),
    is_inclusive_tax: false,
    discount: entityLevel ? random.pick(['5%', '2.5%', decimal('1.10')]) : zero,
    discount_total: zero,
    discount_type: entityLevel ? 'entity_level' : 'item_level',
    is_discount_before_tax: !entityLevel,
  }
}

function noTotals(random: Random): JsonObject {
  return {
    sub_total: zero,
    tax_total: zero,
    taxes: [],
    shipping_charge: random.chance(0.2) ? decimal(random.pick(['5', '2.50', '0.75'])) : zero,
    adjustment: random.chance(0.15) ? decimal(random.pick(['-0.01', '0.25', '-1.5'])) : zero,
    adjustment_description: '',
    roundoff_value: zero,
    total: zero,
    payment_made: zero,
    credits_applied: zero,
    tax_amount_withheld: zero,
    write_off_amount: zero,
    balance: zero,
    unprocessed_payment_amount: zero,
    bcy_sub_total: zero,
    bcy_tax_total: zero,
    bcy_discount_total: zero,
    bcy_shipping_charge: zero,
    bcy_adjustment: zero,
    bcy_total: zero,
  }
}

function relations(world: World, random: Random): JsonObject {
  const { receivable } = world.references.accounts
  const ordered = random.chance(0.3)
  const order: JsonObject = {
    salesorder_id: ordered ? world.nextId() : '',
    salesorder_number: ordered ? `SO-${String(random.between(1, 99_999)).padStart(5, '0')}` : '',
  }
  return {
    account_id: receivable.id,
    account_name: receivable.name,
    ...order,
    salesorders: ordered ? [order] : [],
    recurring_invoice_id: '',
    estimate_id: '',
    salesperson_id: '',
    salesperson_name: '',
  }
}

function mailing(head: JsonObject): JsonObject {
  const paid = head['status'] === 'paid' || head['status'] === 'partially_paid'
  return {
    is_emailed: head['status'] !== 'draft',
    reminders_sent: 0,
    last_reminder_sent_date: '',
    is_viewed_by_client: head['status'] === 'viewed',
    client_viewed_time: '',
    last_payment_date: paid ? daysLater(textOf(head, 'date'), 8) : '',
    payment_expected_date: '',
  }
}

function presentation({ references }: World, random: Random): JsonObject {
  const { invoice: template } = references.templates
  const [location = { id: '', name: '' }] = references.locations
  return {
    template_id: template.id,
    template_name: template.name,
    template_type: 'standard',
    notes: random.chance(0.5) ? random.pick(['Thank you.', 'شكرا لتعاملكم معنا']) : '',
    terms: random.chance(0.2) ? 'Goods stay ours until paid.' : '',
    attachment_name: '',
    documents: [],
    custom_fields: [],
    custom_field_hash: {},
    tags: [],
    location_id: location.id,
    location_name: location.name,
  }
}

function authorship({ references, zone }: World, random: Random, stamp: Stamp): JsonObject {
  const author = random.pick(references.users)
  const { created_time = '', last_modified_time = '' } = times(zone, stamp)
  return {
    created_time,
    created_date: zone.date(stamp.createdMs),
    created_by_id: author.id,
    created_by_name: author.name,
    last_modified_by_id: author.id,
    last_modified_time,
  }
}

function newInvoiceLine(context: LineContext): JsonObject {
  const [location = { id: '', name: '' }] = context.world.references.locations
  return {
    ...newSalesLine(context),
    salesorder_item_id: '',
    bill_id: '',
    bill_item_id: '',
    location_id: location.id,
    location_name: location.name,
  }
}

function lineContext(detail: JsonObject, { world, random }: ChangeContext): LineContext {
  return {
    world,
    random,
    exchangeRate: decimalOf(detail, 'exchange_rate'),
    style: amountStyle(textOf(detail, 'invoice_id')),
  }
}

function withLines(detail: JsonObject, unordered: JsonObject[]): JsonObject {
  const lines = inOrder(unordered)
  const style = amountStyle(textOf(detail, 'invoice_id'))
  const net = subTotal(lines)
  const { total: tax, taxes } = taxesOf(lines, style)
  const wholeDiscount =
    detail['discount_type'] === 'entity_level' ? discountOf(net, discountKey(detail)) : null
  const lineDiscounts = sum(lines.map((line) => decimalOf(line, 'discount_amount')))
  const extras = sum([decimalOf(detail, 'shipping_charge'), decimalOf(detail, 'adjustment')])
  const total = subtract(sum([net, tax, extras]), wholeDiscount ?? zero)
  const amounts: JsonObject = {
    line_items: lines,
    discount_total: style(wholeDiscount ?? lineDiscounts),
    sub_total: style(net),
    tax_total: style(tax),
    taxes,
    total: style(total),
    ...settlement(textOf(detail, 'status'), total, style),
  }
  return { ...amounts, ...baseCurrencyTotals({ ...detail, ...amounts }) }
}

function baseCurrencyTotals(detail: JsonObject): JsonObject {
  const rate = decimalOf(detail, 'exchange_rate')
  const keys = ['sub_total', 'tax_total', 'discount_total', 'shipping_charge', 'adjustment', 'total']
  return Object.fromEntries(
    keys.map((key): [string, Decimal] => [`bcy_${key}`, roundTo(multiply(decimalOf(detail, key), rate), 2)]),
  )
}

function nextPayment(detail: JsonObject): string {
  return detail['status'] === 'partially_paid' ? 'paid' : 'partially_paid'
}

function withStatus(detail: JsonObject, status: string): JsonObject {
  const style = amountStyle(textOf(detail, 'invoice_id'))
  return {
    status,
    current_sub_status: status,
    ...settlement(status, decimalOf(detail, 'total'), style),
    ...(status === 'void' ? {} : { last_payment_date: daysLater(textOf(detail, 'date'), 10) }),
  }
}

function withOtherDiscount(detail: JsonObject, context: ChangeContext): JsonObject | null {
  const [first, ...rest] = objectsOf(detail, 'line_items')
  if (first === undefined) return null
  const discount = first['discount'] === '7.5%' ? decimal('0') : '7.5%'
  const repriced = pricedLine({ ...first, discount }, lineContext(detail, context))
  return withLines(detail, [repriced, ...rest])
}

function invoiceRow(record: WorldRecord, { world }: View): JsonObject {
  const { detail } = record
  const billing = objectOf(detail, 'billing_address')
  const customer = world.collections.customer.get(textOf(detail, 'customer_id'))
  const columns: JsonObject = {
    ...detail,
    company_name: customer?.detail['company_name'] ?? '',
    due_days: dueDays(detail, world),
    project_name: '',
    billing_address: rowAddress(billing),
    shipping_address: rowAddress(objectOf(detail, 'shipping_address')),
    country: billing['country'] ?? '',
    phone: billing['phone'] ?? '',
    created_by: detail['created_by_name'] ?? '',
    updated_time: detail['last_modified_time'] ?? '',
    has_attachment: false,
    color_code: '',
    schedule_time: '',
    // The token differs from the detail's.
    invoice_url: `${textOf(detail, 'invoice_url')}-list`,
    transaction_type: 'renewal',
    documents: '',
  }
  return pick(columns, rowKeys)
}

function dueDays(detail: JsonObject, { zone, clock }: World): string {
  const today = zone.date(clock.nowMs())
  const due = textOf(detail, 'due_date')
  const settled = detail['status'] === 'paid' || detail['status'] === 'void'
  return settled && daysBetween(today, due) < 0 ? '' : shownDueDays(due, today)
}

function sortable(): string[] {
  return ['customer_name', 'invoice_number', 'date', 'due_date', 'total', 'balance', 'created_time']
}

const statusWeights = {
  draft: 8,
  sent: 20,
  viewed: 5,
  overdue: 12,
  unpaid: 5,
  partially_paid: 15,
  paid: 30,
  void: 5,
}

const rowKeys = [
  'invoice_id',
  'customer_id',
  'customer_name',
  'company_name',
  'status',
  'invoice_number',
  'reference_number',
  'date',
  'due_date',
  'issued_date',
  'due_days',
  'email',
  'project_name',
  'billing_address',
  'shipping_address',
  'country',
  'phone',
  'created_by',
  'total',
  'balance',
  'payment_expected_date',
  'custom_fields',
  'custom_field_hash',
  'tags',
  'salesperson_id',
  'salesperson_name',
  'shipping_charge',
  'adjustment',
  'created_time',
  'last_modified_time',
  'updated_time',
  'is_viewed_by_client',
  'client_viewed_time',
  'has_attachment',
  'is_emailed',
  'color_code',
  'current_sub_status_id',
  'current_sub_status',
  'currency_id',
  'currency_code',
  'currency_symbol',
  'schedule_time',
  'template_id',
  'template_type',
  'invoice_url',
  'invoice_source',
  'sales_channel',
  'transaction_type',
  'reminders_sent',
  'last_reminder_sent_date',
  'last_payment_date',
  'documents',
  'write_off_amount',
  'exchange_rate',
  'unprocessed_payment_amount',
]
