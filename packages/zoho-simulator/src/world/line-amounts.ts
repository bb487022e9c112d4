import {
  compareDecimals,
  decimal,
  multiply,
  percentOf,
  roundTo,
  subtract,
  sum,
  zero,
  type Decimal,
} from '../exact/decimal.ts'
import { decimalOf, objectsOf, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Tax } from './reference-data.ts'

/** What a line costs before anything is computed. */
export interface LineTerms {
  quantity: Decimal
  rate: Decimal
  /** `5%`, or an amount. */
  discount: string | Decimal
  tax: Tax | null
  exchangeRate: Decimal
}

/** How amounts are written. */
export type AmountStyle = (amount: Decimal) => Decimal

/** The money of a line. */
export interface LineAmounts {
  discountAmount: Decimal
  itemTotal: Decimal
  taxAmount: Decimal
  bcyRate: Decimal
}

/** Computes a line: amounts are rounded to two places, half away from zero; a discount is at most the whole line. */
export function lineAmounts({ quantity, rate, discount, tax, exchangeRate }: LineTerms): LineAmounts {
  const gross = multiply(quantity, rate)
  const discountAmount = discountOf(gross, discount)
  const itemTotal = roundTo(subtract(gross, discountAmount), 2)
  return {
    discountAmount,
    itemTotal,
    taxAmount: tax === null ? zero : percentOf(itemTotal, tax.percentage),
    bcyRate: roundTo(multiply(rate, exchangeRate), 2),
  }
}

/** What a discount takes off an amount: a share of it, or the amount itself if that is not more. */
export function discountOf(amount: Decimal, discount: string | Decimal): Decimal {
  if (typeof discount === 'string') return percentOf(amount, decimal(discount.replace('%', '')))
  return compareDecimals(discount, amount) > 0 ? roundTo(amount, 2) : discount
}

/** The sum of the lines' totals. */
export function subTotal(lines: readonly JsonObject[]): Decimal {
  return sum(lines.map((line) => decimalOf(line, 'item_total')))
}

/** The document's taxes, one entry for each tax of its lines. */
export function taxesOf(
  lines: readonly JsonObject[],
  style: AmountStyle,
): { total: Decimal; taxes: JsonObject[] } {
  const entries = lines.flatMap((line) => objectsOf(line, 'line_item_taxes'))
  const ids = [...new Set(entries.map((entry) => textOf(entry, 'tax_id')))]
  const taxes = ids.map((id) => {
    const same = entries.filter((entry) => entry['tax_id'] === id)
    const amount = sum(same.map((entry) => decimalOf(entry, 'tax_amount')))
    return { tax_id: id, tax_name: same[0]?.['tax_name'] ?? '', tax_amount: style(amount) }
  })
  return { total: sum(entries.map((entry) => decimalOf(entry, 'tax_amount'))), taxes }
}

/** The keys of a line that name its tax. */
export function taxKeys(tax: Tax | null, taxAmount: Decimal): JsonObject {
  return {
    tax_id: tax?.id ?? '',
    tax_name: tax?.name ?? '',
    tax_type: 'tax',
    tax_percentage: tax?.percentage ?? zero,
    line_item_taxes:
      tax === null
        ? []
        : [{ tax_id: tax.id, tax_name: `${tax.name} (${tax.percentage.source}%)`, tax_amount: taxAmount }],
  }
}
