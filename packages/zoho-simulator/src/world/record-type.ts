/** The kinds of record that the simulator holds, in the words of whoever mirrors them. */
export const recordTypes = [
  'product',
  'customer',
  'invoice',
  'bill',
  'credit_note',
  'stock_adjustment',
  'price_list',
] as const

/** One kind of record; vendors are customers with another contact_type, as in Zoho. */
export type RecordType = (typeof recordTypes)[number]
