/** The line columns that Zoho's sales and purchase documents share. */
export const documentLineColumns = {
  line_zoho_id: { kind: 'id', keys: ['line_item_id'], required: true },
  position: { kind: 'integer', keys: ['item_order'] },
  item_zoho_id: { kind: 'id', keys: ['item_id'] },
  name: {},
  description: {},
  unit: {},
  quantity: { kind: 'decimal' },
  rate: { kind: 'decimal' },
  discount: { kind: 'discount' },
  discount_amount: { kind: 'decimal' },
  tax_name: {},
  tax_percentage: { kind: 'decimal' },
  item_total: { kind: 'decimal' },
} as const
