import { decimal, multiply, roundTo, type Decimal } from '../exact/decimal.ts'
import { decimalOf, objectsOf, pick, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import type { WorldRecord } from './collection.ts'
import { randomPrice } from './prices.ts'
import {
  clearing,
  never,
  rewriting,
  statusFilters,
  toggling,
  touch,
  type RecordKind,
  type View,
} from './record-kind.ts'
import type { WorldSize } from './size.ts'
import { pastStamp, type Stamp } from './stamp.ts'
import { addRecord, type NewRecord, type World } from './world.ts'

/** Price lists: a rate for each item, rates by quantity, or a percentage on everything. */
export const priceList: RecordKind = {
  type: 'price_list',
  resource: 'price-lists',
  path: 'pricebooks',
  listKey: 'pricebooks',
  wrapper: 'pricebook',
  idKey: 'pricebook_id',
  noun: 'Price List',
  home: 'books',
  scopes: { books: 'settings', inventory: 'settings' },
  list: {
    reportName: 'Price Lists',
    defaultFilter: 'SalesOrPurchaseType.All',
    filters: {
      'SalesOrPurchaseType.All': () => true,
      'SalesOrPurchaseType.Sales': (record) => record.detail['sales_or_purchase_type'] === 'sales',
      'SalesOrPurchaseType.Purchases': (record) => record.detail['sales_or_purchase_type'] === 'purchases',
      ...statusFilters('active', 'inactive'),
    },
    inactive: never,
    defaultSort: { column: 'name', order: 'A' },
    sortColumns: { books: [], inventory: [] },
    lastModifiedFilter: [],
    parameters: {},
  },
  // Zoho has no webhook for price lists: this is for triggers that somebody builds.
  webhookKeys: [
    'pricebook_id',
    'name',
    'description',
    'currency_id',
    'currency_code',
    'decimal_place',
    'is_default',
    'is_increase',
    'percentage',
    'pricebook_rate',
    'pricebook_type',
    'pricing_scheme',
    'rounding_type',
    'sales_or_purchase_type',
    'status',
    'products',
    'pricebook_items',
  ],
  make: (world, random, stamp) => newPriceList(world, random, { stamp, pattern: random.pick(patterns) }),
  row: priceListRow,
  detail: (record) => record.detail,
  changes: {
    touch,
    rename: rewriting('name', (random) => `قائمة ${random.between(1, 9999)}`),
    description: rewriting('description', (random) => `From ${random.between(1, 28)} July`),
    status: toggling('status', ['active', 'inactive']),
    rates: (detail, { random }) => withOtherRate(detail, random),
    percentage: (detail, { random }) =>
      detail['percentage'] === '' ? null : { percentage: decimal(`${random.between(1, 40)}.5`) },
    clear: clearing('description'),
  },
}

/** Fills the world with price lists; there are seven patterns, and further ones repeat them. */
export function populatePriceLists(world: World, random: Random, size: WorldSize): void {
  for (let made = 0; made < size.priceLists; made++) {
    const pattern = patterns[made % patterns.length]
    if (pattern === undefined) return
    addRecord(world, 'price_list', newPriceList(world, random, { stamp: pastStamp(random), pattern }))
  }
}

interface Pattern {
  name: string
  kind: 'unit' | 'volume' | 'percentage'
  currency: 'base' | 'foreign'
  /** Share of the items that it names. */
  share: number
  active: boolean
}

const patterns: readonly Pattern[] = [
  { name: 'جملة أ', kind: 'unit', currency: 'base', share: 0.5, active: true },
  { name: 'Wholesale B', kind: 'unit', currency: 'base', share: 0.3, active: true },
  { name: 'Retailers', kind: 'volume', currency: 'base', share: 0.15, active: true },
  { name: 'Technicians IQD', kind: 'unit', currency: 'base', share: 0.2, active: true },
  { name: 'Technicians USD', kind: 'unit', currency: 'foreign', share: 0.2, active: true },
  { name: 'Export volume USD', kind: 'volume', currency: 'foreign', share: 0.05, active: false },
  { name: 'Staff minus 20', kind: 'percentage', currency: 'base', share: 0, active: true },
]

function newPriceList(world: World, random: Random, made: { stamp: Stamp; pattern: Pattern }): NewRecord {
  const id = world.nextId()
  const { stamp, pattern } = made
  const percentage = pattern.kind === 'percentage'
  const currency = world.references.currencies[pattern.currency]
  const detail: JsonObject = {
    pricebook_id: id,
    name: `${pattern.name} ${world.nextNumber()}`,
    description: random.chance(0.5) ? 'أسعار خاصة' : '',
    currency_id: percentage ? '' : currency.id,
    currency_code: percentage ? '' : currency.code,
    decimal_place: 2,
    is_default: false,
    is_increase: false,
    percentage: percentage ? decimal('20') : '',
    pricebook_rate: '',
    pricebook_type: percentage ? 'fixed_percentage' : 'per_item',
    ...(percentage ? {} : { pricing_scheme: pattern.kind }),
    rounding_type: 'no_rounding',
    sales_or_purchase_type: 'sales',
    status: pattern.active ? 'active' : 'inactive',
    products: [],
    pricebook_items: percentage ? [] : listedItems(world, random, pattern),
  }
  return { id, detail, ...stamp }
}

function listedItems(world: World, random: Random, { kind, share }: Pattern): JsonObject[] {
  return world.collections.product
    .living()
    .filter(() => random.chance(share))
    .map((record) => (kind === 'unit' ? unitItem(world, random, record) : volumeItem(world, random, record)))
}

function unitItem(world: World, random: Random, record: WorldRecord): JsonObject {
  const rate = decimalOf(record.detail, 'rate')
  const discounted = random.chance(0.1)
  return {
    pricebook_item_id: world.nextId(),
    ...itemKeys(record),
    pricebook_discount: discounted ? '5%' : '',
    pricebook_rate: discounted ? share(rate, '0.95') : share(rate, '0.825'),
  }
}

function volumeItem(world: World, random: Random, record: WorldRecord): JsonObject {
  const rate = decimalOf(record.detail, 'rate')
  const step = random.pick([10, 25, 50])
  const bracket = (start: number, end: number | '', factor: string): JsonObject => ({
    pricebook_item_id: world.nextId(),
    start_quantity: start,
    end_quantity: end,
    pricebook_discount: '',
    pricebook_rate: share(rate, factor),
  })
  return { ...itemKeys(record), price_brackets: [bracket(1, step - 1, '0.9'), bracket(step, '', '0.775')] }
}

function itemKeys({ id, detail }: WorldRecord): JsonObject {
  return { item_id: id, name: textOf(detail, 'name'), can_be_sold: true, can_be_purchased: true }
}

function share(rate: Decimal, factor: string): Decimal {
  return roundTo(multiply(rate, decimal(factor)), 2)
}

function withOtherRate(detail: JsonObject, random: Random): JsonObject | null {
  const items = objectsOf(detail, 'pricebook_items')
  if (items.length === 0) return null
  const changed = random.between(0, items.length - 1)
  const rate = randomPrice(random)
  return {
    pricebook_items: items.map((item, index) => (index === changed ? withRate(item, rate) : item)),
  }
}

function withRate(item: JsonObject, rate: Decimal): JsonObject {
  const [first, ...others] = objectsOf(item, 'price_brackets')
  return first === undefined
    ? { ...item, pricebook_rate: rate }
    : { ...item, price_brackets: [{ ...first, pricebook_rate: rate }, ...others] }
}

/** The row alone shows when a list was last modified; it names no items. */
function priceListRow(record: WorldRecord, { world }: View): JsonObject {
  return pick(
    {
      pricing_scheme: '',
      ...record.detail,
      last_modified_time: world.zone.time(record.modifiedMs),
    },
    rowKeys,
  )
}

const rowKeys = [
  'pricebook_id',
  'name',
  'description',
  'currency_id',
  'currency_code',
  'decimal_place',
  'is_increase',
  'percentage',
  'pricebook_rate',
  'pricebook_type',
  'pricing_scheme',
  'rounding_type',
  'sales_or_purchase_type',
  'status',
  'last_modified_time',
]
