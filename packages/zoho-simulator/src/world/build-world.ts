import type { SimulatorClock } from '../clock.ts'
import { seededRandom } from '../random.ts'
import { openZone } from '../zone.ts'
import { populateBills } from './bill.ts'
import { emptyCollection } from './collection.ts'
import { populateCreditNotes } from './credit-note.ts'
import { populateCustomers, populateVendors, settleBalances } from './customer.ts'
import { idSequence } from './ids.ts'
import { populateInvoices } from './invoice.ts'
import { populatePriceLists } from './price-list.ts'
import { populateProducts } from './product.ts'
import { referenceData } from './reference-data.ts'
import { worldSize, type SizeOption } from './size.ts'
import { populateStockAdjustments } from './stock-adjustment.ts'
import type { World } from './world.ts'

/** What makes one world different from another. */
export interface WorldOptions {
  seed: string | number
  size: SizeOption
  organizationId: string
  /** IANA name. */
  timeZone: string
  clock: SimulatorClock
}

/** Makes a world: the same options give the same records, digit by digit. */
export function buildWorld({ seed, size: sizeOption, organizationId, timeZone, clock }: WorldOptions): World {
  const size = worldSize(sizeOption)
  const nextId = idSequence(seededRandom(seed, 'ids'))
  let number = 0
  const world: World = {
    organization: { id: organizationId, name: 'Palm Yard Trading' },
    zone: openZone(timeZone),
    clock,
    references: referenceData(nextId),
    collections: {
      product: emptyCollection(),
      customer: emptyCollection(),
      invoice: emptyCollection(),
      bill: emptyCollection(),
      credit_note: emptyCollection(),
      stock_adjustment: emptyCollection(),
      price_list: emptyCollection(),
    },
    random: seededRandom(seed, 'later'),
    nextId,
    nextNumber: () => ++number,
    listeners: [],
  }
  // In the order of reference: items name vendors, price lists name items, documents name all of them.
  populateVendors(world, seededRandom(seed, 'vendors'), size)
  populateProducts(world, seededRandom(seed, 'products'), size)
  populatePriceLists(world, seededRandom(seed, 'price lists'), size)
  populateCustomers(world, seededRandom(seed, 'customers'), size)
  populateInvoices(world, seededRandom(seed, 'invoices'), size)
  populateBills(world, seededRandom(seed, 'bills'), size)
  populateCreditNotes(world, seededRandom(seed, 'credit notes'), size)
  populateStockAdjustments(world, seededRandom(seed, 'stock adjustments'), size)
  settleBalances(world)
  return world
}
