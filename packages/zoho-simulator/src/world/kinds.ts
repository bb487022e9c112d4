import { bill } from './bill.ts'
import { creditNote } from './credit-note.ts'
import { customer } from './customer.ts'
import { invoice } from './invoice.ts'
import { priceList } from './price-list.ts'
import { product } from './product.ts'
import type { RecordKind } from './record-kind.ts'
import type { RecordType } from './record-type.ts'
import { stockAdjustment } from './stock-adjustment.ts'

/** Every kind of record, by type. */
export const kinds: Readonly<Record<RecordType, RecordKind>> = {
  product,
  customer,
  invoice,
  bill,
  credit_note: creditNote,
  stock_adjustment: stockAdjustment,
  price_list: priceList,
}

/** The kind whose records are read under a path, such as `items`. */
export function kindOfPath(path: string): RecordKind | undefined {
  return Object.values(kinds).find((kind) => kind.path === path)
}
