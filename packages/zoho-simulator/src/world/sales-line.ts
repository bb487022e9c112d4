import { decimal, type Decimal } from '../exact/decimal.ts'
import { decimalOf, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import { lineAmounts, taxKeys, type AmountStyle } from './line-amounts.ts'
import { awkwardPrices, randomDiscount, randomPrice, randomQuantity } from './prices.ts'
import type { Tax } from './reference-data.ts'
import type { World } from './world.ts'

/** What the lines of one document share. */
export interface LineContext {
  world: World
  random: Random
  exchangeRate: Decimal
  style: AmountStyle
}

/** A line as invoices and credit notes both show it; each adds keys of its own at the end. */
export function newSalesLine(context: LineContext): JsonObject {
  const { world, random } = context
  const item = random.chance(0.95) ? world.collections.product.pick(random, 'living') : undefined
  const { sales } = world.references.accounts
  const line: JsonObject = {
    line_item_id: world.nextId(),
    item_id: item?.id ?? '',
    item_order: 1,
    name: item === undefined ? 'Delivery أجور توصيل' : textOf(item.detail, 'name'),
    description: random.chance(0.3) ? random.pick(['As agreed', 'حسب الطلب', '']) : '',
    unit: item === undefined ? '' : textOf(item.detail, 'unit'),
    quantity: randomQuantity(random),
    rate: saleRate(random, item?.detail),
    bcy_rate: 0,
    discount: randomDiscount(random),
    discount_amount: 0,
    discounts: [],
    account_id: sales.id,
    account_name: sales.name,
    pricebook_id: '',
    ...taxKeys(random.chance(0.7) ? random.pick(world.references.taxes) : null, decimal('0')),
    item_total: 0,
    item_custom_fields: [],
    item_type: item === undefined ? 'sales' : textOf(item.detail, 'item_type'),
    line_item_category: 'line_item',
    tags: [],
    project_id: '',
  }
  return pricedLine(line, context)
}

/** The line with its amounts computed anew from quantity, rate, discount and tax. */
export function pricedLine(line: JsonObject, { world, exchangeRate, style }: LineContext): JsonObject {
  const tax = taxOf(world, line)
  const amounts = lineAmounts({
    quantity: decimalOf(line, 'quantity'),
    rate: decimalOf(line, 'rate'),
    discount: discountKey(line),
    tax,
    exchangeRate,
  })
  return {
    ...line,
    bcy_rate: amounts.bcyRate,
    discount_amount: style(amounts.discountAmount),
    ...taxKeys(tax, style(amounts.taxAmount)),
    item_total: style(amounts.itemTotal),
  }
}

/** A line with another quantity or rate. */
export function changedLine(line: JsonObject, context: LineContext): JsonObject {
  const { random } = context
  const change: JsonObject = random.chance(0.5)
    ? { quantity: randomQuantity(random) }
    : { rate: randomPrice(random) }
  return pricedLine({ ...line, ...change }, context)
}

/** The lines numbered from 1 in their order. */
export function inOrder(lines: readonly JsonObject[]): JsonObject[] {
  return lines.map((line, index) => ({ ...line, item_order: index + 1 }))
}

/** A discount as a document or line holds it: text for a share, else an amount. */
export function discountKey(holder: JsonObject): string | Decimal {
  return typeof holder['discount'] === 'string' ? holder['discount'] : decimalOf(holder, 'discount')
}

function taxOf({ references }: World, line: JsonObject): Tax | null {
  return references.taxes.find(({ id }) => id === line['tax_id']) ?? null
}

function saleRate(random: Random, item: JsonObject | undefined): Decimal {
  if (random.chance(0.1)) return decimal(random.pick(awkwardPrices))
  return item === undefined ? randomPrice(random) : decimalOf(item, 'rate')
}
