import { decimal, multiply, roundTo, zero } from '../exact/decimal.ts'
import { decimalOf, objectOf, pick, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import { documentAddress } from './addresses.ts'
import type { WorldRecord } from './collection.ts'
import { lineChanges } from './document-lines.ts'
import { subTotal } from './line-amounts.ts'
import { currencyOf, pickVendor } from './parties.ts'
import { amountStyle, randomPrice } from './prices.ts'
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
import { inOrder, type LineContext } from './sales-line.ts'
import { settlement } from './settlement.ts'
import type { WorldSize } from './size.ts'
import { daysBetween, daysLater, pastStamp, shownDueDays, shownTime, times, type Stamp } from './stamp.ts'
import { addRecord, type NewRecord, type World } from './world.ts'

/** Vendors' bills with their lines. */
export const bill: RecordKind = {
  type: 'bill',
  resource: 'bills',
  path: 'bills',
  listKey: 'bills',
  wrapper: 'bill',
  idKey: 'bill_id',
  noun: 'Bill',
  home: 'books',
  scopes: { books: 'bills', inventory: 'bills' },
  list: {
    reportName: 'Bills',
    defaultFilter: 'Status.All',
    filters: statusFilters('draft', 'open', 'overdue', 'unpaid', 'partially_paid', 'paid', 'void', 'pending'),
    inactive: never,
    defaultSort: { column: 'created_time', order: 'D' },
    sortColumns: { books: sortable(), inventory: sortable() },
    lastModifiedFilter: ['books'],
    parameters: documentDates,
  },
  webhookKeys: [
    'bill_id',
    'bill_number',
    'vendor_id',
    'vendor_name',
    'date',
    'due_date',
    'reference_number',
    'status',
    'currency_id',
    'currency_code',
    'exchange_rate',
    'line_items',
    'sub_total',
    'tax_total',
    'total',
    'payment_made',
    'balance',
    'custom_fields',
    'custom_field_hash',
    'created_time',
    'last_modified_time',
  ],
  make: newBill,
  row: billRow,
  detail: (record, { world }) => ({ ...record.detail, ...dueIn(record.detail, world) }),
  changes: {
    touch,
    ...lineChanges({
      add: (detail, context) => newBillLine(lineContext(detail, context)),
      change: (line, detail, context) => {
        const rate = randomPrice(context.random)
        return pricedBillLine({ ...line, rate }, lineContext(detail, context))
      },
      withLines: (detail, lines) => withLines(detail, lines),
    }),
    pay: (detail) =>
      detail['status'] === 'paid'
        ? null
        : withStatus(detail, detail['status'] === 'open' ? 'partially_paid' : 'paid'),
    void: (detail) => (detail['status'] === 'void' ? null : withStatus(detail, 'void')),
    reference: rewriting('reference_number', (random) => `PO-${random.between(10_000, 99_999)}`),
    clear: clearing('reference_number', 'notes', 'terms'),
  },
  effects: {
    contactKey: 'vendor_id',
    stock: { sign: 1, quantityKey: 'quantity' },
    stockStatuses: (status) => status !== 'draft' && status !== 'void',
  },
  overdue: { open: ['open', 'unpaid', 'partially_paid'], notYetDue: 'open' },
}

/** Fills the world with bills. */
export function populateBills(world: World, random: Random, size: WorldSize): void {
  for (let made = 0; made < size.bills; made++) {
    addRecord(world, 'bill', newBill(world, random, pastStamp(random)))
  }
}

function newBill(world: World, random: Random, stamp: Stamp): NewRecord {
  const id = world.nextId()
  const vendor = pickVendor(world, random) ?? random.pick(world.collections.customer.living())
  const blank: JsonObject = {
    ...heading(world, random, { id, stamp, vendor: vendor.detail }),
    ...currencyKeys(world, vendor.detail),
    line_items: [],
    ...noTotals(),
    billing_address_id: textOf(objectOf(vendor.detail, 'billing_address'), 'address_id'),
    billing_address: documentAddress(objectOf(vendor.detail, 'billing_address')),
    ...presentation(world, random, stamp),
  }
  const context = lineContext(blank, { world, random })
  const lines = Array.from({ length: random.between(1, 5) }, () => newBillLine(context))
  return { id, detail: { ...blank, ...withLines(blank, lines) }, ...stamp }
}

interface Heading {
  id: string
  stamp: Stamp
  vendor: JsonObject
}

function heading(world: World, random: Random, { id, stamp, vendor }: Heading): JsonObject {
  const date = world.zone.date(stamp.createdMs)
  const status = random.pick(['draft', 'open', 'open', 'overdue', 'partially_paid', 'paid', 'paid', 'void'])
  return {
    bill_id: id,
    vendor_id: textOf(vendor, 'contact_id'),
    vendor_name: textOf(vendor, 'contact_name'),
    source: 'Web',
    bill_number: `B-${String(world.nextNumber()).padStart(5, '0')}`,
    reference_number: random.chance(0.5) ? `PO-${random.between(10_000, 99_999)}` : '',
    date,
    due_date: daysLater(date, 30),
    due_by_days: '',
    due_in_days: '',
    status,
    current_sub_status_id: '',
    current_sub_status: status,
    sub_statuses: [],
    ...pick(vendor, ['payment_terms', 'payment_terms_label']),
    payment_expected_date: '',
    recurring_bill_id: '',
  }
}

function currencyKeys(world: World, vendor: JsonObject): JsonObject {
  const currency = currencyOf(world, vendor)
  return {
    currency_id: currency.id,
    currency_code: currency.code,
    currency_symbol: currency.symbol,
    currency_name_formatted: currency.name,
    exchange_rate: currency.exchangeRate,
    price_precision: 2,
    is_inclusive_tax: false,
    is_item_level_tax_calc: false,
  }
}

function noTotals(): JsonObject {
  return {
    sub_total: zero,
    tax_total: zero,
    taxes: [],
    discount: zero,
    discount_amount: zero,
    discount_total: zero,
    discount_type: 'entity_level',
    is_discount_before_tax: true,
    adjustment: zero,
    adjustment_description: '',
    total: zero,
    payment_made: zero,
    vendor_credits_applied: zero,
    balance: zero,
    unused_credits_payable_amount: zero,
    unprocessed_payment_amount: zero,
  }
}

function presentation(world: World, random: Random, stamp: Stamp): JsonObject {
  const { accounts, locations, users } = world.references
  const [location = { id: '', name: '' }] = locations
  const author = random.pick(users)
  const { created_time = '', last_modified_time = '' } = times(world.zone, stamp)
  return {
    purchaseorders: random.chance(0.4) ? [purchaseOrder(world, random, stamp)] : [],
    payments: [],
    vendor_credits: [],
    documents: [],
    notes: random.chance(0.2) ? 'Delivered in two parts' : '',
    terms: '',
    attachment_name: '',
    account_id: accounts.payable.id,
    account_name: accounts.payable.name,
    custom_fields: [],
    custom_field_hash: {},
    tags: [],
    allocated_landed_costs: [],
    unallocated_landed_costs: [],
    is_approval_required: false,
    approvers_list: [],
    entity_type: 'bill',
    is_uber_bill: false,
    is_tally_bill: false,
    location_id: location.id,
    location_name: location.name,
    created_time,
    created_by_id: author.id,
    last_modified_id: author.id,
    last_modified_time,
  }
}

function purchaseOrder(world: World, random: Random, { createdMs }: Stamp): JsonObject {
  return {
    purchaseorder_id: world.nextId(),
    purchaseorder_number: `PO-${random.between(10_000, 99_999)}`,
    purchaseorder_date: daysLater(world.zone.date(createdMs), -20),
    purchaseorder_status: 'Issued',
    order_status: 'closed',
  }
}

function newBillLine(context: LineContext): JsonObject {
  const { world, random } = context
  const item = world.collections.product.pick(random, 'living')
  const { inventoryAsset } = world.references.accounts
  const [location = { id: '', name: '' }] = world.references.locations
  const quantity = decimal(String(random.between(1, 500)))
  const line: JsonObject = {
    line_item_id: world.nextId(),
    item_id: item?.id ?? '',
    item_order: 1,
    line_item_category: 'line_item',
    name: item === undefined ? 'Freight' : textOf(item.detail, 'name'),
    description: '',
    account_id: inventoryAsset.id,
    account_name: inventoryAsset.name,
    account_code: '',
    unit: item === undefined ? '' : textOf(item.detail, 'unit'),
    quantity,
    quantity_received: quantity,
    rate: item === undefined ? randomPrice(random) : decimalOf(item.detail, 'purchase_rate'),
    bcy_rate: zero,
    sales_rate: item === undefined ? zero : decimalOf(item.detail, 'sales_rate'),
    discount: zero,
    discounts: [],
    markup_percent: zero,
    pricebook_id: '',
    tax_id: '',
    tax_name: '',
    tax_type: 'tax',
    tax_percentage: zero,
    line_item_taxes: [],
    item_total: zero,
    item_type: item === undefined ? 'purchases' : textOf(item.detail, 'item_type'),
    is_billable: false,
    customer_id: '',
    customer_name: '',
    project_id: '',
    project_name: '',
    purchaseorder_id: '',
    purchaseorder_item_id: '',
    receive_line_items: [],
    item_custom_fields: [],
    tags: [],
    location_id: location.id,
    location_name: location.name,
  }
  return pricedBillLine(line, context)
}

function pricedBillLine(line: JsonObject, { exchangeRate, style }: LineContext): JsonObject {
  const rate = decimalOf(line, 'rate')
  return {
    ...line,
    bcy_rate: roundTo(multiply(rate, exchangeRate), 2),
    item_total: style(roundTo(multiply(decimalOf(line, 'quantity'), rate), 2)),
  }
}

function lineContext(detail: JsonObject, { world, random }: ChangeContext): LineContext {
  return {
    world,
    random,
    exchangeRate: decimalOf(detail, 'exchange_rate'),
    style: amountStyle(textOf(detail, 'bill_id')),
  }
}

function withLines(detail: JsonObject, unordered: JsonObject[]): JsonObject {
  const lines = inOrder(unordered)
  const style = amountStyle(textOf(detail, 'bill_id'))
  const total = subTotal(lines)
  return {
    line_items: lines,
    sub_total: style(total),
    total: style(total),
    ...settlement(textOf(detail, 'status'), total, style),
  }
}

function withStatus(detail: JsonObject, status: string): JsonObject {
  const style = amountStyle(textOf(detail, 'bill_id'))
  return { status, current_sub_status: status, ...settlement(status, decimalOf(detail, 'total'), style) }
}

/** The detail's count of days follows the calendar: one of the two keys is blank. */
function dueIn(detail: JsonObject, { zone, clock }: World): JsonObject {
  const days = daysBetween(zone.date(clock.nowMs()), textOf(detail, 'due_date'))
  return days < 0 ? { due_by_days: -days, due_in_days: '' } : { due_by_days: '', due_in_days: days }
}

function billRow(record: WorldRecord, { world }: View): JsonObject {
  const { detail } = record
  const { zone, clock, references } = world
  const author = references.users.find(({ id }) => id === detail['created_by_id'])
  const columns: JsonObject = {
    ...detail,
    color_code: '',
    due_days: shownDueDays(textOf(detail, 'due_date'), zone.date(clock.nowMs())),
    tds_total: zero,
    balance_due: detail['balance'] ?? zero,
    created_time_formatted: shownTime(zone, record.createdMs),
    last_modified_time_formatted: shownTime(zone, record.modifiedMs),
    created_by: author?.name ?? '',
    last_modified_by: author?.name ?? '',
    // The row's key holds the bill's id, not a boolean.
    is_opening_balance: record.id,
    has_attachment: false,
    client_viewed_time: '',
    is_viewed_by_client: false,
    is_bill_reconciliation_violated: false,
  }
  return pick(columns, rowKeys)
}

function sortable(): string[] {
  return [
    'vendor_name',
    'bill_number',
    'date',
    'due_date',
    'total',
    'balance',
    'created_time',
    'last_modified_time',
    'txn_value_date',
    'total_retention_amount',
  ]
}

const rowKeys = [
  'bill_id',
  'vendor_id',
  'vendor_name',
  'status',
  'color_code',
  'current_sub_status_id',
  'current_sub_status',
  'bill_number',
  'reference_number',
  'date',
  'due_date',
  'due_days',
  'currency_id',
  'currency_code',
  'price_precision',
  'exchange_rate',
  'total',
  'tds_total',
  'balance',
  'balance_due',
  'unprocessed_payment_amount',
  'created_time',
  'last_modified_time',
  'created_time_formatted',
  'last_modified_time_formatted',
  'created_by',
  'last_modified_by',
  'is_opening_balance',
  'attachment_name',
  'has_attachment',
  'tags',
  'is_uber_bill',
  'is_tally_bill',
  'entity_type',
  'client_viewed_time',
  'is_viewed_by_client',
  'is_bill_reconciliation_violated',
]
