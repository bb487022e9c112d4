import { ExactNumber, isExactObject, type ExactJson, type ExactObject } from '../json/index.ts'
import { defineEntity } from './define-entity.ts'
import { priceListExample } from './examples/price-list.ts'
import { UnreadableValue } from './unreadable-value.ts'

/**
 * Price lists: Zoho's pricebooks, of three kinds. A unit list has one rate for each item, a volume list has rates by
 * quantity, a percentage list has neither items nor currency. A detail has no version, a list row no items, and no webhook
 * comes from Zoho; the address is there for senders of one's own.
 */
export const priceList = defineEntity({
  type: 'price_list',
  resource: 'price-lists',
  aliases: ['prices'],
  source: {
    root: '/books/v3',
    path: '/pricebooks',
    wrapper: 'pricebook',
    listKey: 'pricebooks',
    list: { filterBy: 'SalesOrPurchaseType.All', sortColumn: null },
    id: 'pricebook_id',
    names: [],
    webhooks: false,
  },
  table: 'tds_price_lists',
  wholeFirst: true,
  columns: {
    name: { required: true, inList: true },
    description: { inList: true },
    status: { required: true, inList: true },
    currency_code: { inList: true },
    pricebook_type: { inList: true },
    // Left out of a percentage list.
    pricing_scheme: { inList: true, sometimes: true },
    sales_or_purchase_type: { inList: true },
    percentage: { kind: 'decimal', inList: true },
    is_increase: { kind: 'boolean', inList: true },
    rounding_type: { inList: true },
  },
  children: {
    tds_price_list_items: {
      parentColumn: 'price_list_zoho_id',
      keyColumns: ['item_zoho_id', 'start_quantity'],
      keys: ['pricebook_items'],
      known: ['price_brackets'],
      columns: {
        item_zoho_id: { kind: 'id', keys: ['item_id'], required: true },
        start_quantity: { kind: 'decimal', required: true },
        end_quantity: { kind: 'decimal' },
        position: { kind: 'integer' },
        pricebook_item_id: { kind: 'id' },
        name: {},
        rate: { kind: 'decimal', keys: ['pricebook_rate'] },
        discount: { kind: 'discount', keys: ['pricebook_discount'] },
      },
      rows: (items) => items.flatMap(pricesOf).map(fromOneOn),
    },
  },
  references: [{ child: 'tds_price_list_items', column: 'item_zoho_id', to: 'product' }],
  quality: {
    active: { column: 'status', value: 'active' },
    currency: { column: 'currency_code', required: false },
    prices: {
      of: 'product',
      child: 'tds_price_list_items',
      item: 'item_zoho_id',
      rate: 'rate',
      only: { column: 'sales_or_purchase_type', value: 'sales' },
      coversAll: { column: 'pricebook_type', value: 'fixed_percentage' },
      ownRate: 'rate',
    },
  },
  example: priceListExample,
})

/** One row for each bracket of quantity of an item; the item itself where it has none. */
function pricesOf(item: ExactJson): ExactObject[] {
  // What is no object becomes a row without an id, so that it is reported instead of skipped.
  if (!isExactObject(item)) return [nothing()]
  const { price_brackets: brackets = null, ...own } = item
  if (brackets === null || brackets === '') return [own]
  if (!Array.isArray(brackets)) throw new UnreadableValue('bad_list', 'price_brackets', 'expected a list')
  if (brackets.length === 0) return [own]
  return brackets.map((bracket) => (isExactObject(bracket) ? { ...own, ...bracket } : nothing()))
}

/** A price without a first quantity holds from one on. */
function fromOneOn(price: ExactObject): ExactObject {
  const { start_quantity: start = null } = price
  return start === null || start === '' ? { ...price, start_quantity: new ExactNumber('1') } : price
}

function nothing(): ExactObject {
  return Object.create(null) as ExactObject
}
