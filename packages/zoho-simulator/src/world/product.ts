import { decimal, whole, zero, type Decimal } from '../exact/decimal.ts'
import { omit, pick, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import type { WorldRecord } from './collection.ts'
import { customFieldKeys, flatCustomFields, withCustomValue, type CustomValue } from './custom-fields.ts'
import { brandName, productName } from './names.ts'
import { pickVendor } from './parties.ts'
import { randomPrice } from './prices.ts'
import { moveStock, stockKeys, stockLocations, stockTotals } from './product-stock.ts'
import {
  clearing,
  rewriting,
  statusFilters,
  toggling,
  touch,
  type RecordKind,
  type View,
} from './record-kind.ts'
import type { WorldSize } from './size.ts'
import { pastStamp, times, type Stamp } from './stamp.ts'
import { addRecord, type NewRecord, type World } from './world.ts'

/** Items: the customer's products, tracked and untracked, with stock per location. */
export const product: RecordKind = {
  type: 'product',
  resource: 'products',
  path: 'items',
  listKey: 'items',
  wrapper: 'item',
  idKey: 'item_id',
  noun: 'Item',
  home: 'inventory',
  scopes: { books: 'settings', inventory: 'items' },
  list: {
    reportName: 'Items',
    defaultFilter: 'Status.All',
    filters: statusFilters('active', 'inactive'),
    inactive: (record) => record.detail['status'] === 'inactive',
    defaultSort: { column: 'name', order: 'A' },
    sortColumns: {
      books: ['name', 'rate', 'tax_name'],
      inventory: [
        'name',
        'sku',
        'rate',
        'purchase_rate',
        'created_time',
        'last_modified_time',
        'reorder_level',
        'stock_on_hand',
      ],
    },
    lastModifiedFilter: ['inventory'],
    parameters: {},
  },
  webhookKeys: [
    'item_id',
    'name',
    'sku',
    'status',
    'unit',
    'description',
    'rate',
    'purchase_rate',
    'item_type',
    'product_type',
    'track_inventory',
    'can_be_sold',
    'can_be_purchased',
    'stock_on_hand',
    'available_stock',
    'actual_available_stock',
    'reorder_level',
    'tax_id',
    'tax_name',
    'tax_percentage',
    'brand',
    'manufacturer',
    'vendor_id',
    'vendor_name',
    'custom_fields',
    'custom_field_hash',
    'created_time',
    'last_modified_time',
  ],
  make: (world, random, stamp) =>
    newItem(world, random, { stamp, active: true, stocked: random.chance(0.4) }),
  row: itemRow,
  detail: (record, { root }) => (root === 'books' ? omit(record.detail, inventoryOnlyDetail) : record.detail),
  changes: {
    touch,
    price: (_, { random }) => salesPrice(randomPrice(random)),
    'purchase-price': (_, { random }) => ({ purchase_rate: randomPrice(random) }),
    rename: (_, { world, random }) => ({ name: productName(random, world.nextNumber()) }),
    status: toggling('status', ['active', 'inactive']),
    description: rewriting(
      'description',
      (random) => `${random.pick(descriptions)} ${random.between(1, 9999)}`,
    ),
    clear: clearing('description', 'brand', 'manufacturer', 'ean', 'purchase_description', 'vendor_name'),
    stock: moveStock,
    'custom-field': (detail, { world, random }) => withCustomValue(detail, customValue(world, random)),
  },
}

/** Fills the world with items: exactly so many active, and exactly so many with stock. */
export function populateProducts(world: World, random: Random, size: WorldSize): void {
  const order = random.shuffled([...Array(size.items).keys()])
  const active = new Set(order.slice(0, size.activeItems))
  // Nearly all stock lies in active items; a little is left over in inactive ones.
  const leftOver = Math.min(Math.floor(size.itemsWithStock / 20), size.items - size.activeItems)
  const firstStocked = Math.max(0, size.activeItems - size.itemsWithStock + leftOver)
  const stocked = new Set(order.slice(firstStocked, firstStocked + size.itemsWithStock))
  for (let index = 0; index < size.items; index++) {
    const traits = { stamp: pastStamp(random), active: active.has(index), stocked: stocked.has(index) }
    addRecord(world, 'product', newItem(world, random, traits))
  }
}

interface ItemTraits {
  stamp: Stamp
  active: boolean
  stocked: boolean
}

function newItem(world: World, random: Random, { stamp, active, stocked }: ItemTraits): NewRecord {
  const id = world.nextId()
  const tracked = stocked || random.chance(0.35)
  const detail: JsonObject = {
    ...identity(world, random, id),
    status: active ? 'active' : 'inactive',
    source: 'user',
    description: random.chance(0.6) ? random.pick(descriptions) : '',
    is_linked_with_zohocrm: false,
    zcrm_product_id: '',
    crm_owner_id: '',
    item_type: tracked ? 'inventory' : random.pick(['sales', 'purchases', 'sales_and_purchases']),
    product_type: tracked || random.chance(0.8) ? 'goods' : 'service',
    product_subtype: '',
    can_be_sold: true,
    can_be_purchased: true,
    track_inventory: tracked,
    is_returnable: true,
    is_combo_product: false,
    ...salesPrice(randomPrice(random)),
    purchase_rate: randomPrice(random),
    pricing_scheme: 'unit',
    price_brackets: [],
    ...accounting(world, random, tracked),
    minimum_order_quantity: '',
    maximum_order_quantity: '',
    ...(tracked ? trackedStock(world, random, stocked) : untrackedStock(random)),
    ...appearance(world, random),
    created_at: world.zone.date(stamp.createdMs),
    ...times(world.zone, stamp),
    lock_details: { can_lock: false },
    sales_channels: [],
    has_variant: false,
  }
  return { id, detail, ...stamp }
}

function identity(world: World, random: Random, id: string): JsonObject {
  const number = world.nextNumber()
  const brand = brandName(random)
  const unit = random.pick(world.references.units)
  return {
    item_id: id,
    group_id: '',
    group_name: '',
    name: productName(random, number),
    sku: random.chance(0.9) ? `PY-${String(number).padStart(5, '0')}` : '',
    upc: '',
    ean: random.chance(0.5) ? `62810${String(number).padStart(8, '0')}` : '',
    isbn: '',
    part_number: '',
    brand,
    manufacturer: brand === '' ? '' : `${brand} Ltd`,
    unit: unit.name,
    unit_id: unit.id,
  }
}

function salesPrice(rate: Decimal): JsonObject {
  return {
    rate,
    sales_rate: rate,
    pricebook_rate: rate,
    default_price_brackets: [{ start_quantity: 1, end_quantity: 1, pricebook_rate: rate }],
  }
}

function accounting(world: World, random: Random, tracked: boolean): JsonObject {
  const { accounts, taxes } = world.references
  const { sales, costOfGoods, inventoryAsset } = accounts
  const tax = random.chance(0.7) ? random.pick(taxes) : null
  const vendor = random.chance(0.5) ? pickVendor(world, random) : undefined
  return {
    account_id: sales.id,
    account_name: sales.name,
    purchase_account_id: costOfGoods.id,
    purchase_account_name: costOfGoods.name,
    inventory_account_id: tracked ? inventoryAsset.id : '',
    inventory_account_name: tracked ? inventoryAsset.name : '',
    purchase_description: '',
    tax_id: tax?.id ?? '',
    tax_name: tax?.name ?? '',
    tax_percentage: tax?.percentage ?? zero,
    tax_type: 'tax',
    is_taxable: true,
    vendor_id: vendor?.id ?? '',
    vendor_name: vendor === undefined ? '' : textOf(vendor.detail, 'contact_name'),
  }
}

function trackedStock({ references }: World, random: Random, stocked: boolean): JsonObject {
  const locations = stockLocations(random, references.locations, stocked)
  return {
    reorder_level: random.chance(0.5) ? whole(random.between(5, 60)) : '',
    initial_stock: zero,
    initial_stock_rate: zero,
    asset_value: '',
    ...stockTotals(locations),
    locations,
  }
}

/** Zoho leaves the stock of an untracked item blank, or out altogether. */
function untrackedStock(random: Random): JsonObject {
  if (random.chance(0.5)) return {}
  return { ...Object.fromEntries(stockKeys.map((key) => [key, ''])), locations: [] }
}

function appearance(world: World, random: Random): JsonObject {
  const pictured = random.chance(0.4)
  return {
    package_details: packageDetails(random),
    image_name: pictured ? `item-${random.between(100, 999)}.jpg` : '',
    image_type: pictured ? 'jpg' : '',
    image_document_id: pictured ? world.nextId() : '',
    documents: [],
    tags: [],
    ...customFieldKeys(random.chance(0.35) ? [customValue(world, random)] : []),
  }
}

function packageDetails(random: Random): JsonObject {
  const measured = random.chance(0.5)
  const size = () => (measured ? String(random.between(2, 90)) : '')
  return {
    length: size(),
    width: size(),
    height: size(),
    weight: measured ? `0.${random.between(1, 9)}5` : '',
    weight_unit: 'kg',
    dimension_unit: 'cm',
  }
}

function customValue({ references }: World, random: Random): CustomValue {
  const { binCode, warranty, origin } = references.customFields
  return random.pick([
    { field: binCode, value: `A-0${random.between(1, 9)}-${random.between(1, 99)}` },
    { field: warranty, value: decimal(String(random.pick([6, 12, 24]))) },
    { field: origin, value: random.pick(['تركيا', 'China', 'Iraq', '']) },
  ])
}

function itemRow(record: WorldRecord, { root }: View): JsonObject {
  const { detail } = record
  const columns: JsonObject = {
    ...detail,
    item_name: detail['name'] ?? '',
    purpose_of_use: '',
    has_attachment: detail['image_name'] !== '',
    is_storage_location_enabled: false,
    ...(detail['package_details'] as JsonObject),
  }
  if (root === 'books') return pick(columns, booksRow)
  const shown =
    detail['track_inventory'] === true ? inventoryRow : inventoryRow.filter((key) => !stockRow.has(key))
  const { created_time = '', last_modified_time = '', ...row } = pick(columns, shown)
  return { ...row, ...flatCustomFields(detail), created_time, last_modified_time }
}

const descriptions = [
  'Two-year guarantee',
  'Boxed, 12 in a carton',
  'أصلي مع ضمان سنة',
  'متوفر بألوان مختلفة',
]

const booksRow = [
  'item_id',
  'name',
  'item_name',
  'unit',
  'status',
  'source',
  'is_linked_with_zohocrm',
  'zcrm_product_id',
  'description',
  'rate',
  'tax_id',
  'tax_name',
  'tax_percentage',
  'purchase_account_id',
  'purchase_account_name',
  'account_id',
  'account_name',
  'purchase_description',
  'purchase_rate',
  'can_be_sold',
  'can_be_purchased',
  'track_inventory',
  'item_type',
  'product_type',
  'has_attachment',
  'sku',
  'image_name',
  'image_type',
  'image_document_id',
  'vendor_name',
  'tags',
  'created_time',
  'last_modified_time',
]

const inventoryRow = [
  'item_id',
  'group_id',
  'group_name',
  'name',
  'item_name',
  'unit',
  'status',
  'source',
  'is_combo_product',
  'is_linked_with_zohocrm',
  'zcrm_product_id',
  'description',
  'brand',
  'manufacturer',
  'rate',
  'tax_id',
  'tax_name',
  'tax_percentage',
  'purchase_account_id',
  'purchase_account_name',
  'account_id',
  'account_name',
  'purchase_description',
  'purchase_rate',
  'can_be_sold',
  'can_be_purchased',
  'track_inventory',
  'is_returnable',
  'item_type',
  'product_type',
  'product_subtype',
  'purpose_of_use',
  'stock_on_hand',
  'available_stock',
  'actual_available_stock',
  'reorder_level',
  'has_attachment',
  'sku',
  'upc',
  'ean',
  'isbn',
  'part_number',
  'image_name',
  'image_type',
  'image_document_id',
  'length',
  'width',
  'height',
  'weight',
  'weight_unit',
  'dimension_unit',
  'is_storage_location_enabled',
  'vendor_name',
  'tags',
  'created_time',
  'last_modified_time',
]

const stockRow = new Set<string>(stockKeys)

/** What a Books detail lacks against the one of Inventory: fewer stock keys, no codes, sizes or locations. */
const inventoryOnlyDetail = [
  'locations',
  'package_details',
  'upc',
  'ean',
  'isbn',
  'part_number',
  'committed_stock',
  'actual_committed_stock',
  'available_for_sale_stock',
  'actual_available_for_sale_stock',
]
