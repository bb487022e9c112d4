import { decimal, multiply, sum, zero, type Decimal } from '../exact/decimal.ts'
import { decimalOf, objectsOf, textOf } from '../exact/fields.ts'
import type { WorldRecord } from '../world/collection.ts'
import { kinds } from '../world/kinds.ts'
import { withStockMoved } from '../world/product-stock.ts'
import type { DocumentEffects } from '../world/record-kind.ts'
import type { RecordChange, World } from '../world/world.ts'
import type { SilentChanges } from './silent-changes.ts'

/** Moves the stock of the items that a changed document names by the difference that it makes. */
export function followStock(
  world: World,
  { type, before, after }: RecordChange,
  silent: SilentChanges,
): void {
  const { effects } = kinds[type]
  if (effects?.stock === undefined) return
  const moves = new Map<string, Move>()
  addMoves(moves, effects, { record: before, times: '-1' })
  addMoves(moves, effects, { record: after, times: '1' })
  for (const { itemId, locationId, quantity } of moves.values()) {
    const item = world.collections.product.get(itemId)
    const fields = item === undefined ? null : withStockMoved(item.detail, locationId, quantity)
    if (fields !== null) silent.set('product', itemId, { cause: type, fields })
  }
}

interface Move {
  itemId: string
  locationId: string
  quantity: Decimal
}

function addMoves(
  moves: Map<string, Move>,
  { stock, stockStatuses }: DocumentEffects,
  { record, times }: { record: WorldRecord | undefined; times: '1' | '-1' },
): void {
  if (record === undefined || record.deleted || stock === undefined) return
  if (stockStatuses?.(textOf(record.detail, 'status')) !== true) return
  const sign = decimal(stock.sign === 1 ? '1' : '-1')
  for (const line of objectsOf(record.detail, 'line_items')) {
    const itemId = textOf(line, 'item_id')
    const locationId = typeof line['location_id'] === 'string' ? line['location_id'] : ''
    const key = `${itemId} ${locationId}`
    const made = multiply(multiply(decimalOf(line, stock.quantityKey), sign), decimal(times))
    const quantity = sum([moves.get(key)?.quantity ?? zero, made])
    moves.set(key, { itemId, locationId, quantity })
  }
}
