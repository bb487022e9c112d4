import type { ChildSpec, ReferenceDefinition } from './define-entity.ts'
import type { QualitySpec } from './quality-definition.ts'

/** The lines that Zoho's sales and purchase documents share, as the child rows of one of them. */
export function documentLines(parentColumn: string): ChildSpec {
  return {
    parentColumn,
    keyColumns: ['line_zoho_id'],
    keys: ['line_items'],
    columns: {
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
    },
  }
}

/** Whom such a document is for and what it lists; their balance and stock move with it. */
export function documentReferences(party: string, lines: string): ReferenceDefinition[] {
  return [
    { column: party, to: 'customer', moves: true },
    { child: lines, column: 'item_zoho_id', to: 'product', moves: true },
  ]
}

/** What must hold of such a document: its currency is known, and it adds up. */
export function documentQuality(lines: string): QualitySpec {
  return {
    currency: { column: 'currency_code', required: true },
    documentTotals: { lines },
  }
}
