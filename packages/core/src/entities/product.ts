import { defineEntity } from './define-entity.ts'
import { productExample } from './examples/product.ts'

/** Products: Zoho's items, read from Inventory because only there a row has stock and a working time filter. */
export const product = defineEntity({
  type: 'product',
  resource: 'products',
  aliases: ['items'],
  source: {
    root: '/inventory/v1',
    path: '/items',
    wrapper: 'item',
    listKey: 'items',
    list: { filterBy: 'Status.All', sortColumn: 'created_time' },
    id: 'item_id',
    names: ['product'],
    bulk: { path: '/itemdetails', parameter: 'item_ids', listKey: 'items', limit: 100 },
  },
  table: 'tds_products',
  // The keys of stock are left out for an item that is not tracked.
  goesWithout: (item) => item['track_inventory'] === false,
  columns: {
    name: { required: true, inList: true },
    sku: { inList: true },
    status: { required: true, inList: true },
    unit: { inList: true },
    description: { inList: true },
    item_type: { inList: true },
    product_type: { inList: true },
    rate: { kind: 'decimal', inList: true },
    purchase_rate: { kind: 'decimal', inList: true },
    tax_name: { inList: true },
    tax_percentage: { kind: 'decimal', inList: true },
    stock_on_hand: { kind: 'decimal', inList: true, sometimes: true },
    available_stock: { kind: 'decimal', inList: true, sometimes: true },
    actual_available_stock: { kind: 'decimal', inList: true, sometimes: true },
    reorder_level: { kind: 'decimal', inList: true, sometimes: true },
    brand: { inList: true },
    manufacturer: { inList: true },
    image_name: { inList: true },
  },
  children: {
    tds_product_stock: {
      parentColumn: 'product_zoho_id',
      keyColumns: ['location_zoho_id'],
      // Organisations from before Zoho's renaming still send warehouses.
      keys: ['locations', 'warehouses'],
      sometimes: true,
      columns: {
        location_zoho_id: { kind: 'id', keys: ['location_id', 'warehouse_id'], required: true },
        location_name: { keys: ['location_name', 'warehouse_name'] },
        stock_on_hand: { kind: 'decimal', keys: ['location_stock_on_hand', 'warehouse_stock_on_hand'] },
        available_stock: { kind: 'decimal', keys: ['location_available_stock', 'warehouse_available_stock'] },
        actual_available_stock: {
          kind: 'decimal',
          keys: ['location_actual_available_stock', 'warehouse_actual_available_stock'],
        },
      },
    },
  },
  quality: {
    active: { column: 'status', value: 'active' },
    notSold: { column: 'item_type', value: 'purchases' },
    unique: ['sku'],
    neverNegative: [{ column: 'stock_on_hand' }, { child: 'tds_product_stock', column: 'stock_on_hand' }],
    childSums: [
      { column: 'stock_on_hand', child: 'tds_product_stock', childColumn: 'stock_on_hand' },
      { column: 'available_stock', child: 'tds_product_stock', childColumn: 'available_stock' },
      { column: 'actual_available_stock', child: 'tds_product_stock', childColumn: 'actual_available_stock' },
    ],
  },
  example: productExample,
})
