import { decimal, multiply, roundTo, withPlaces, zero } from '../exact/decimal.ts'
import { decimalOf, objectsOf, pick, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import type { WorldRecord } from './collection.ts'
import { lineChanges } from './document-lines.ts'
import { subTotal } from './line-amounts.ts'
import { amountStyle, randomQuantity } from './prices.ts'
import { clearing, never, rewriting, touch, type RecordKind } from './record-kind.ts'
import { inOrder } from './sales-line.ts'
import type { WorldSize } from './size.ts'
import { pastStamp, times, type Stamp } from './stamp.ts'
import { addRecord, type NewRecord, type World } from './world.ts'

/** Corrections of stock, each at one location. */
export const stockAdjustment: RecordKind = {
  type: 'stock_adjustment',
  resource: 'stock-adjustments',
  path: 'inventoryadjustments',
  listKey: 'inventory_adjustments',
  wrapper: 'inventory_adjustment',
  idKey: 'inventory_adjustment_id',
  noun: 'Inventory Adjustment',
  home: 'inventory',
  scopes: { books: null, inventory: 'inventoryadjustments' },
  list: {
    reportName: 'Inventory Adjustments',
    defaultFilter: 'Status.All',
    filters: { 'Status.All': () => true },
    inactive: never,
    defaultSort: { column: 'date', order: 'D' },
    sortColumns: { books: [], inventory: [] },
    lastModifiedFilter: [],
    parameters: {},
    documentedRowKeys: [
      'inventory_adjustment_id',
      'date',
      'reason',
      'reason_id',
      'description',
      'reference_number',
      'adjustment_type',
      'total',
      'custom_fields',
    ],
  },
  webhookKeys: [
    'inventory_adjustment_id',
    'date',
    'reason',
    'description',
    'reference_number',
    'adjustment_type',
    'status',
    'location_id',
    'location_name',
    'line_items',
    'total',
    'custom_fields',
    'custom_field_hash',
    'created_time',
    'last_modified_time',
  ],
  make: newAdjustment,
  row: adjustmentRow,
  detail: (record) => record.detail,
  changes: {
    touch,
    ...lineChanges({
      add: (detail, { world, random }) => newAdjustmentLine(world, random, detail),
      change: (line, detail, { random }) =>
        pricedLine({ ...line, quantity_adjusted: randomQuantity(random) }, detail),
      withLines: (detail, lines) => withLines(detail, lines),
    }),
    description: rewriting('description', (random) => `Count, aisle ${random.between(1, 99)}`),
    reason: (_, { world, random }) => reasonKeys(world, random),
    clear: clearing('description', 'reference_number'),
  },
  effects: {
    stock: { sign: 1, quantityKey: 'quantity_adjusted' },
    stockStatuses: (status) => status === 'adjusted',
  },
}

/** Fills the world with stock adjustments. */
export function populateStockAdjustments(world: World, random: Random, size: WorldSize): void {
  for (let made = 0; made < size.stockAdjustments; made++) {
    addRecord(world, 'stock_adjustment', newAdjustment(world, random, pastStamp(random)))
  }
}

function newAdjustment(world: World, random: Random, stamp: Stamp): NewRecord {
  const id = world.nextId()
  const { accounts, locations } = world.references
  const location = random.pick(locations)
  const blank: JsonObject = {
    inventory_adjustment_id: id,
    date: world.zone.date(stamp.createdMs),
    ...reasonKeys(world, random),
    description: random.chance(0.6) ? `Count, aisle ${random.between(1, 99)}` : '',
    reference_number: random.chance(0.7) ? `ST-${world.nextNumber()}` : '',
    adjustment_type: random.chance(0.9) ? 'quantity' : 'value',
    status: random.chance(0.95) ? 'adjusted' : 'draft',
    adjustment_account_id: accounts.costOfGoods.id,
    adjustment_account_name: accounts.costOfGoods.name,
    location_id: location.id,
    location_name: location.name,
    line_items: [],
    total: zero,
    is_inventory_valuation_pending: false,
    documents: [],
    comments: [],
    submitted_date: '',
    submitted_by: '',
    submitted_by_name: '',
    approver_id: '',
    custom_fields: [],
    custom_field_hash: {},
    tags: [],
    ...authorship(world, random, stamp),
  }
  const lines = Array.from({ length: random.between(1, 4) }, () => newAdjustmentLine(world, random, blank))
  return { id, detail: { ...blank, ...withLines(blank, lines) }, ...stamp }
}

function reasonKeys({ references }: World, random: Random): JsonObject {
  const reason = random.pick(references.reasons)
  return { reason: reason.name, reason_id: reason.id }
}

function authorship({ references, zone }: World, random: Random, stamp: Stamp): JsonObject {
  const author = random.pick(references.users)
  return {
    created_by_id: author.id,
    created_by_name: author.name,
    last_modified_by_id: author.id,
    last_modified_by_name: author.name,
    ...times(zone, stamp),
  }
}

function newAdjustmentLine(world: World, random: Random, detail: JsonObject): JsonObject {
  const item = world.collections.product.pick(random, 'living')
  const { costOfGoods, inventoryAsset } = world.references.accounts
  const cost = item === undefined ? zero : decimalOf(item.detail, 'purchase_rate')
  const quantity = random.chance(0.6) ? randomQuantity(random) : decimal(`-${random.between(1, 9)}`)
  const line: JsonObject = {
    line_item_id: world.nextId(),
    item_id: item?.id ?? '',
    item_order: 1,
    name: item === undefined ? '' : textOf(item.detail, 'name'),
    sku: item === undefined ? '' : textOf(item.detail, 'sku'),
    description: '',
    is_combo_product: false,
    unit: item === undefined ? '' : textOf(item.detail, 'unit'),
    quantity_adjusted: quantity,
    quantity_adjusted_formatted: '',
    price: cost,
    label_rate: item === undefined ? zero : decimalOf(item.detail, 'rate'),
    asset_price: cost,
    item_total: zero,
    adjustment_account_id: costOfGoods.id,
    adjustment_account_name: costOfGoods.name,
    asset_account_id: inventoryAsset.id,
    asset_account_name: inventoryAsset.name,
    serial_numbers: [],
    batches: [],
    tags: [],
    location_id: detail['location_id'] ?? '',
    location_name: detail['location_name'] ?? '',
  }
  return pricedLine(line, detail)
}

function pricedLine(line: JsonObject, detail: JsonObject): JsonObject {
  const quantity = decimalOf(line, 'quantity_adjusted')
  const style = amountStyle(textOf(detail, 'inventory_adjustment_id'))
  return {
    ...line,
    quantity_adjusted_formatted: withPlaces(quantity, 2).source,
    item_total: style(roundTo(multiply(quantity, decimalOf(line, 'price')), 2)),
  }
}

function withLines(detail: JsonObject, unordered: JsonObject[]): JsonObject {
  const lines = inOrder(unordered)
  const style = amountStyle(textOf(detail, 'inventory_adjustment_id'))
  return { line_items: lines, total: style(subTotal(lines)) }
}

function adjustmentRow(record: WorldRecord): JsonObject {
  const { detail } = record
  const [first] = objectsOf(detail, 'line_items')
  const columns: JsonObject = {
    ...detail,
    // A row is one adjustment: with several lines these can only be one of them.
    item_id: first?.['item_id'] ?? '',
    name: first?.['name'] ?? '',
    quantity_adjusted: first?.['quantity_adjusted'] ?? zero,
    value_adjusted: zero,
  }
  return pick(columns, rowKeys)
}

const rowKeys = [
  'inventory_adjustment_id',
  'status',
  'adjustment_type',
  'date',
  'reason',
  'description',
  'reference_number',
  'total',
  'item_id',
  'name',
  'quantity_adjusted',
  'value_adjusted',
  'location_id',
  'location_name',
  'created_time',
  'created_by_id',
  'created_by_name',
  'last_modified_time',
  'last_modified_by_id',
  'last_modified_by_name',
  'custom_fields',
  'custom_field_hash',
  'tags',
]
