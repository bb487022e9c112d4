import { compareDecimals, decimal, subtract, sum, whole, zero, type Decimal } from '../exact/decimal.ts'
import { decimalOf, objectsOf, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import type { Change } from './record-kind.ts'
import type { Named } from './reference-data.ts'

/** The keys of a detail that say how much of an item there is; list rows show the first four of tracked items. */
export const stockKeys = [
  'stock_on_hand',
  'available_stock',
  'actual_available_stock',
  'reorder_level',
  'initial_stock',
  'initial_stock_rate',
  'asset_value',
  'committed_stock',
  'actual_committed_stock',
  'available_for_sale_stock',
  'actual_available_for_sale_stock',
] as const

/** The locations of a tracked item with what lies in each: something in two or three of them, or nothing anywhere. */
export function stockLocations(random: Random, locations: readonly Named[], stocked: boolean): JsonObject[] {
  const held = stocked ? random.shuffled(locations).slice(0, random.between(2, 3)) : locations.slice(0, 1)
  return held.map((location, index) => {
    const onHand = stocked ? randomStock(random) : zero
    const committed =
      stocked && index === 0 && compareDecimals(onHand, whole(5)) > 0 ? whole(random.between(0, 5)) : zero
    return stockAt(location, { onHand, committed, isPrimary: location === locations[0] })
  })
}

/** The sums over the locations that a detail shows at its top level. */
export function stockTotals(locations: readonly JsonObject[]): JsonObject {
  const onHand = sum(locations.map((location) => decimalOf(location, 'location_stock_on_hand')))
  const available = sum(locations.map((location) => decimalOf(location, 'location_available_stock')))
  const committed = subtract(onHand, available)
  return {
    stock_on_hand: onHand,
    available_stock: available,
    actual_available_stock: available,
    committed_stock: committed,
    actual_committed_stock: committed,
    available_for_sale_stock: available,
    actual_available_for_sale_stock: available,
  }
}

/** Something arrives at one location, or leaves it. */
export const moveStock: Change = (detail, { random }) => {
  const locations = objectsOf(detail, 'locations')
  if (locations.length === 0) return null
  const moved = random.between(0, locations.length - 1)
  const change = random.chance(0.6) ? randomStock(random) : decimal('-1')
  return withStockMoved(detail, textOf(locations[moved] ?? {}, 'location_id'), change)
}

/** So much arrives at one location, or at the first where the item does not lie there; null for an untracked item. */
export function withStockMoved(detail: JsonObject, locationId: string, change: Decimal): JsonObject | null {
  const locations = objectsOf(detail, 'locations')
  if (locations.length === 0) return null
  const at = Math.max(
    0,
    locations.findIndex((location) => location['location_id'] === locationId),
  )
  const changed = locations.map((location, index) => (index === at ? withMoved(location, change) : location))
  return { locations: changed, ...stockTotals(changed) }
}

function randomStock(random: Random): Decimal {
  return random.chance(0.1)
    ? decimal(`${random.between(1, 90)}.${random.between(1, 9)}25`)
    : whole(random.between(1, 400))
}

function stockAt(
  location: Named,
  { onHand, committed, isPrimary }: { onHand: Decimal; committed: Decimal; isPrimary: boolean },
): JsonObject {
  const available = subtract(onHand, committed)
  return {
    location_id: location.id,
    location_name: location.name,
    status: 'active',
    is_primary: isPrimary,
    location_stock_on_hand: onHand,
    location_available_stock: available,
    location_actual_available_stock: available,
  }
}

function withMoved(location: JsonObject, change: Decimal): JsonObject {
  const moved = (key: string) => sum([decimalOf(location, key), change])
  return {
    ...location,
    location_stock_on_hand: moved('location_stock_on_hand'),
    location_available_stock: moved('location_available_stock'),
    location_actual_available_stock: moved('location_actual_available_stock'),
  }
}
