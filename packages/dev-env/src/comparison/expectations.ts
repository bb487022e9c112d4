import { isJsonRecord, type JsonRecord, type JsonText, NumberText, plainDecimal } from './exact-text.ts'

/**
 * What a column must hold, written down a second time and by hand: if the comparison used the product's own mapping,
 * a mistake there would agree with itself.
 */
export type Kind = 'text' | 'decimal' | 'discount' | 'json'

/** Where a value is found: under a key of Zoho's, or by a rule where Zoho's own word is not what is stored. */
export type Source = string | ((record: JsonRecord) => JsonText | undefined)

/** The key under which an entry of a list finds its own place, counted from 1. */
export const place = '(place)'

/** Column → where its value comes from, and how the two are compared. */
export type ColumnExpectations = Readonly<Record<string, readonly [from: Source, kind: Kind]>>

/** How the rows of one table are to follow from Zoho's records. */
export interface Expectation {
  readonly table: string
  /** Zoho's key of the record's id. */
  readonly id: string
  /** Zoho's key that people know the record by. */
  readonly title: string
  /** Whether a detail tells when the record was modified. */
  readonly showsVersion: boolean
  readonly columns: ColumnExpectations
  readonly children: readonly ChildExpectation[]
}

/** How the rows that belong to a record are to follow from a list in it. */
export interface ChildExpectation {
  readonly table: string
  readonly parentColumn: string
  /** Columns that tell the rows of one record apart. */
  readonly keyColumns: readonly string[]
  /** Zoho's key of the list. */
  readonly list: string
  /** The rows that one entry of the list stands for, where it is not one. */
  readonly unfold?: (entry: JsonRecord) => JsonRecord[]
  readonly columns: ColumnExpectations
}

/** What an invoice, a bill and a credit note say alike. */
const documentColumns: ColumnExpectations = {
  date: ['date', 'text'],
  reference_number: ['reference_number', 'text'],
  currency_code: ['currency_code', 'text'],
  exchange_rate: ['exchange_rate', 'decimal'],
  sub_total: ['sub_total', 'decimal'],
  tax_total: ['tax_total', 'decimal'],
  total: ['total', 'decimal'],
  balance: ['balance', 'decimal'],
}

/** What is expected of each type, by the words of the registry. A type that is missing here cannot be compared. */
export const expectations: Readonly<Record<string, Expectation>> = {
  product: {
    table: 'tds_products',
    id: 'item_id',
    title: 'sku',
    showsVersion: true,
    columns: {
      name: ['name', 'text'],
      sku: ['sku', 'text'],
      status: ['status', 'text'],
      unit: ['unit', 'text'],
      description: ['description', 'text'],
      item_type: ['item_type', 'text'],
      product_type: ['product_type', 'text'],
      rate: ['rate', 'decimal'],
      purchase_rate: ['purchase_rate', 'decimal'],
      tax_name: ['tax_name', 'text'],
      tax_percentage: ['tax_percentage', 'decimal'],
      stock_on_hand: ['stock_on_hand', 'decimal'],
      available_stock: ['available_stock', 'decimal'],
      actual_available_stock: ['actual_available_stock', 'decimal'],
      reorder_level: ['reorder_level', 'decimal'],
      brand: ['brand', 'text'],
      manufacturer: ['manufacturer', 'text'],
      image_name: ['image_name', 'text'],
    },
    children: [
      {
        table: 'tds_product_stock',
        parentColumn: 'product_zoho_id',
        keyColumns: ['location_zoho_id'],
        list: 'locations',
        columns: {
          location_zoho_id: ['location_id', 'text'],
          location_name: ['location_name', 'text'],
          stock_on_hand: ['location_stock_on_hand', 'decimal'],
          available_stock: ['location_available_stock', 'decimal'],
          actual_available_stock: ['location_actual_available_stock', 'decimal'],
        },
      },
    ],
  },
  invoice: {
    table: 'tds_invoices',
    id: 'invoice_id',
    title: 'invoice_number',
    showsVersion: true,
    columns: {
      invoice_number: ['invoice_number', 'text'],
      customer_zoho_id: ['customer_id', 'text'],
      status: [invoiceStatus, 'text'],
      due_date: ['due_date', 'text'],
      ...documentColumns,
      discount_total: ['discount_total', 'decimal'],
      adjustment: ['adjustment', 'decimal'],
      shipping_charge: ['shipping_charge', 'decimal'],
    },
    children: [documentLines('tds_invoice_lines', 'invoice_zoho_id')],
  },
  customer: {
    table: 'tds_customers',
    id: 'contact_id',
    title: 'contact_name',
    showsVersion: true,
    columns: {
      contact_name: ['contact_name', 'text'],
      company_name: ['company_name', 'text'],
      contact_type: ['contact_type', 'text'],
      status: ['status', 'text'],
      email: ['email', 'text'],
      phone: ['phone', 'text'],
      mobile: ['mobile', 'text'],
      currency_code: ['currency_code', 'text'],
      payment_terms: ['payment_terms', 'decimal'],
      outstanding_receivable_amount: ['outstanding_receivable_amount', 'decimal'],
      outstanding_payable_amount: ['outstanding_payable_amount', 'decimal'],
      unused_credits_receivable_amount: ['unused_credits_receivable_amount', 'decimal'],
      // Details say zip; a row of a list would say zipcode.
      billing_address: ['billing_address', 'json'],
      shipping_address: ['shipping_address', 'json'],
    },
    children: [],
  },
  bill: {
    table: 'tds_bills',
    id: 'bill_id',
    title: 'bill_number',
    showsVersion: true,
    columns: {
      bill_number: ['bill_number', 'text'],
      vendor_zoho_id: ['vendor_id', 'text'],
      status: [billStatus, 'text'],
      due_date: ['due_date', 'text'],
      ...documentColumns,
    },
    children: [documentLines('tds_bill_lines', 'bill_zoho_id')],
  },
  credit_note: {
    table: 'tds_credit_notes',
    id: 'creditnote_id',
    title: 'creditnote_number',
    showsVersion: true,
    columns: {
      creditnote_number: ['creditnote_number', 'text'],
      customer_zoho_id: ['customer_id', 'text'],
      status: ['status', 'text'],
      ...documentColumns,
    },
    children: [documentLines('tds_credit_note_lines', 'credit_note_zoho_id')],
  },
  stock_adjustment: {
    table: 'tds_stock_adjustments',
    id: 'inventory_adjustment_id',
    title: 'reference_number',
    showsVersion: true,
    columns: {
      date: ['date', 'text'],
      reason: ['reason', 'text'],
      description: ['description', 'text'],
      reference_number: ['reference_number', 'text'],
      adjustment_type: ['adjustment_type', 'text'],
      status: ['status', 'text'],
      total: ['total', 'decimal'],
    },
    children: [
      {
        table: 'tds_stock_adjustment_lines',
        parentColumn: 'stock_adjustment_zoho_id',
        keyColumns: ['line_zoho_id'],
        list: 'line_items',
        columns: {
          line_zoho_id: ['line_item_id', 'text'],
          position: ['item_order', 'decimal'],
          item_zoho_id: ['item_id', 'text'],
          name: ['name', 'text'],
          quantity_adjusted: ['quantity_adjusted', 'decimal'],
          value_adjusted: ['value_adjusted', 'decimal'],
          location_zoho_id: ['location_id', 'text'],
          location_name: ['location_name', 'text'],
        },
      },
    ],
  },
  price_list: {
    table: 'tds_price_lists',
    id: 'pricebook_id',
    title: 'name',
    showsVersion: false,
    columns: {
      name: ['name', 'text'],
      description: ['description', 'text'],
      status: ['status', 'text'],
      currency_code: ['currency_code', 'text'],
      pricebook_type: ['pricebook_type', 'text'],
      pricing_scheme: ['pricing_scheme', 'text'],
      sales_or_purchase_type: ['sales_or_purchase_type', 'text'],
      percentage: ['percentage', 'decimal'],
      is_increase: ['is_increase', 'text'],
      rounding_type: ['rounding_type', 'text'],
    },
    children: [
      {
        table: 'tds_price_list_items',
        parentColumn: 'price_list_zoho_id',
        keyColumns: ['item_zoho_id', 'start_quantity'],
        list: 'pricebook_items',
        unfold: brackets,
        columns: {
          item_zoho_id: ['item_id', 'text'],
          start_quantity: [(price) => price['start_quantity'] ?? new NumberText('1'), 'decimal'],
          end_quantity: ['end_quantity', 'decimal'],
          position: [place, 'decimal'],
          pricebook_item_id: ['pricebook_item_id', 'text'],
          name: ['name', 'text'],
          rate: ['pricebook_rate', 'decimal'],
          discount: ['pricebook_discount', 'discount'],
        },
      },
    ],
  },
}

/** The lines that Zoho's sales and purchase documents share. */
function documentLines(table: string, parentColumn: string): ChildExpectation {
  return {
    table,
    parentColumn,
    keyColumns: ['line_zoho_id'],
    list: 'line_items',
    columns: {
      line_zoho_id: ['line_item_id', 'text'],
      position: ['item_order', 'decimal'],
      item_zoho_id: ['item_id', 'text'],
      name: ['name', 'text'],
      description: ['description', 'text'],
      unit: ['unit', 'text'],
      quantity: ['quantity', 'decimal'],
      rate: ['rate', 'decimal'],
      discount: ['discount', 'discount'],
      discount_amount: ['discount_amount', 'decimal'],
      tax_name: ['tax_name', 'text'],
      tax_percentage: ['tax_percentage', 'decimal'],
      item_total: ['item_total', 'decimal'],
    },
  }
}

/** Overdue is a word of the calendar: what is stored is how much was paid, and whether the customer looked at it. */
function invoiceStatus(record: JsonRecord): JsonText | undefined {
  if (record['status'] !== 'overdue') return record['status']
  if (isPaidInPart(record)) return 'partially_paid'
  return record['is_viewed_by_client'] === true ? 'viewed' : 'sent'
}

function billStatus(record: JsonRecord): JsonText | undefined {
  if (record['status'] !== 'overdue') return record['status']
  return isPaidInPart(record) ? 'partially_paid' : 'open'
}

function isPaidInPart(record: JsonRecord): boolean {
  return amountOf(record['total']) !== amountOf(record['balance'])
}

function amountOf(value: JsonText | undefined): string | null {
  if (value instanceof NumberText) return plainDecimal(value.digits)
  return typeof value === 'string' ? plainDecimal(value) : null
}

/** A volume list gives an item several prices, each from a quantity on. */
function brackets(item: JsonRecord): JsonRecord[] {
  const list = item['price_brackets']
  if (!Array.isArray(list)) return [item]
  return list
    .filter(isJsonRecord)
    .map((bracket) => ({ item_id: item['item_id'] ?? null, name: item['name'] ?? null, ...bracket }))
}
