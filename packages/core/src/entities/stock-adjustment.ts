import { defineEntity } from './define-entity.ts'
import { stockAdjustmentExample } from './examples/stock-adjustment.ts'

/**
 * Stock adjustments: Zoho's inventory adjustments, read from Inventory, where they are documented. A list row may have
 * neither status nor times, and its item is only one of the lines: nothing is taken from there.
 */
export const stockAdjustment = defineEntity({
  type: 'stock_adjustment',
  resource: 'stock-adjustments',
  aliases: ['stock'],
  source: {
    root: '/inventory/v1',
    path: '/inventoryadjustments',
    wrapper: 'inventory_adjustment',
    listKey: 'inventory_adjustments',
    list: { filterBy: null, sortColumn: null },
    id: 'inventory_adjustment_id',
    names: ['inventoryadjustment', 'inventoryadjustments'],
  },
  table: 'tds_stock_adjustments',
  wholeFirst: true,
  columns: {
    date: { kind: 'date', required: true, inList: true },
    reason: { inList: true },
    description: { inList: true },
    reference_number: { inList: true },
    adjustment_type: { inList: true },
    status: { inList: true },
    total: { kind: 'decimal', inList: true },
  },
  children: {
    tds_stock_adjustment_lines: {
      parentColumn: 'stock_adjustment_zoho_id',
      keyColumns: ['line_zoho_id'],
      keys: ['line_items'],
      columns: {
        line_zoho_id: { kind: 'id', keys: ['line_item_id'], required: true },
        position: { kind: 'integer', keys: ['item_order'] },
        item_zoho_id: { kind: 'id', keys: ['item_id'] },
        name: {},
        quantity_adjusted: { kind: 'decimal' },
        value_adjusted: { kind: 'decimal' },
        // Organisations from before Zoho's renaming still send warehouses.
        location_zoho_id: { kind: 'id', keys: ['location_id', 'warehouse_id'] },
        location_name: { keys: ['location_name', 'warehouse_name'] },
      },
    },
  },
  references: [{ child: 'tds_stock_adjustment_lines', column: 'item_zoho_id', to: 'product', moves: true }],
  example: stockAdjustmentExample,
})
