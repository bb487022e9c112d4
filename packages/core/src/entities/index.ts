import { bill } from './bill.ts'
import { creditNote } from './credit-note.ts'
import { customer } from './customer.ts'
import type { EntityDefinition } from './define-entity.ts'
import { invoice } from './invoice.ts'
import { priceList } from './price-list.ts'
import { product } from './product.ts'
import { stockAdjustment } from './stock-adjustment.ts'

/** The registry: every type that the product mirrors, one line each. All shared code reads it. */
export const entities: readonly EntityDefinition[] = [
  product,
  customer,
  invoice,
  bill,
  creditNote,
  stockAdjustment,
  priceList,
]

/** The definition of a type, or undefined where a newer or older peer knows a type that this build does not. */
export function entityOf(type: string): EntityDefinition | undefined {
  return byType.get(type)
}

/** The definition behind a path segment: the resource's name or one of its aliases, letter case included. */
export function entityOfResource(resource: string): EntityDefinition | undefined {
  return byResource.get(resource)
}

const byType = new Map<string, EntityDefinition>(entities.map((entity) => [entity.type, entity]))
const byResource = new Map<string, EntityDefinition>(
  entities.flatMap((entity) => [entity.resource, ...entity.aliases].map((name) => [name, entity] as const)),
)
