import { InvalidInputError } from '../invalid-input-error.ts'

/** How many records of each kind a new world has. */
export interface WorldSize {
  items: number
  activeItems: number
  /** Items with stock above zero, each in two or three locations. */
  itemsWithStock: number
  priceLists: number
  customers: number
  vendors: number
  invoices: number
  bills: number
  creditNotes: number
  stockAdjustments: number
}

/** A named size, or the numbers that differ from the customer's. */
export type SizeOption = 'customer' | 'small' | Partial<WorldSize>

/** Turns the option into numbers; throws InvalidInputError on a size that cannot be. */
export function worldSize(option: SizeOption = 'customer'): WorldSize {
  if (option === 'customer') return customerSize
  if (option === 'small') return smallSize
  const items = option.items ?? customerSize.items
  const share = items / customerSize.items
  return checked({
    ...customerSize,
    activeItems: Math.floor(customerSize.activeItems * share),
    itemsWithStock: Math.floor(customerSize.itemsWithStock * share),
    ...option,
  })
}

const customerSize: WorldSize = {
  items: 2221,
  activeItems: 1312,
  itemsWithStock: 477,
  priceLists: 7,
  customers: 2503,
  vendors: 100,
  invoices: 1000,
  bills: 150,
  creditNotes: 120,
  stockAdjustments: 80,
}

const smallSize: WorldSize = {
  items: 48,
  activeItems: 30,
  itemsWithStock: 16,
  priceLists: 7,
  customers: 40,
  vendors: 6,
  invoices: 32,
  bills: 8,
  creditNotes: 6,
  stockAdjustments: 5,
}

function checked(size: WorldSize): WorldSize {
  for (const [name, count] of Object.entries(size)) {
    if (!(name in customerSize)) {
      throw new InvalidInputError(`size has no ${name}; it has ${Object.keys(customerSize).join(', ')}`)
    }
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new InvalidInputError(`size.${name} must be a whole number, 0 or more`)
    }
  }
  if (size.activeItems > size.items || size.itemsWithStock > size.items) {
    throw new InvalidInputError('size: no more items can be active or in stock than there are')
  }
  const documents = size.invoices + size.bills + size.creditNotes + size.stockAdjustments
  if (documents > 0 && (size.items === 0 || size.customers === 0 || size.vendors === 0)) {
    throw new InvalidInputError('size: documents need at least one item, one customer and one vendor')
  }
  return size
}
