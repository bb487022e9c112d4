/** The seven kinds of record that the product mirrors; the enum `tds_entity_type` has the same words. */
export type EntityType =
  'product' | 'customer' | 'invoice' | 'bill' | 'credit_note' | 'stock_adjustment' | 'price_list'
