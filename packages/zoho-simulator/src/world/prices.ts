import { decimal, withPlaces, type Decimal } from '../exact/decimal.ts'
import type { Random } from '../random.ts'

/** A price as people enter it: mostly round, sometimes awkward, in digits that a double would not keep. */
export function randomPrice(random: Random): Decimal {
  if (random.chance(0.12)) return decimal(random.pick(awkwardPrices))
  if (random.chance(0.3)) return decimal(`${random.between(1, 900)}.${random.between(1, 9)}`)
  if (random.chance(0.3))
    return decimal(`${random.between(1, 60)}${random.pick(['.25', '.50', '.75', '.99'])}`)
  return decimal(String(random.between(1, 300) * 250))
}

/** A quantity, some with three decimals. */
export function randomQuantity(random: Random): Decimal {
  if (random.chance(0.2))
    return decimal(`${random.between(0, 40)}.${random.between(0, 9)}${random.between(0, 9)}5`)
  if (random.chance(0.1)) return decimal('0.5')
  return decimal(String(random.between(1, 48)))
}

/** No discount mostly, a share like `5%`, or an amount. */
export function randomDiscount(random: Random): string | Decimal {
  if (random.chance(0.7)) return decimal('0')
  if (random.chance(0.6)) return random.pick(['5%', '10%', '2.5%', '12.50%'])
  return decimal(random.pick(['0.1', '1.10', '2', '0.25']))
}

/** How a document's computed amounts are written: Zoho shows 174, 174.0 and 174.00 alike. */
export function amountStyle(id: string): (amount: Decimal) => Decimal {
  const places = { 1: 1, 5: 2 }[Number(id.at(-1))] ?? 0
  return (amount) => withPlaces(amount, places)
}

/** Rates that break careless code: inexact in binary, with a kept zero, long, and beyond what money usually shows. */
export const awkwardPrices = [
  '0.1',
  '1.10',
  '1234567.89',
  '0.333333',
  '19.995',
  '0.07',
  '99999999999.99',
  '4.350',
]
