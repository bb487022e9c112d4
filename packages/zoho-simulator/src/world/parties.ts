import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import type { WorldRecord } from './collection.ts'
import type { Currency } from './reference-data.ts'
import type { World } from './world.ts'

/** A vendor that lives, or undefined. */
export function pickVendor({ collections, references }: World, random: Random): WorldRecord | undefined {
  const { vendorIds } = references
  if (vendorIds.length === 0) return undefined
  const vendor = collections.customer.get(random.pick(vendorIds))
  return vendor?.deleted === false ? vendor : undefined
}

/** A customer that lives; throws RangeError if there is none. */
export function pickCustomer({ collections }: World, random: Random): WorldRecord {
  const isCustomer = (record: WorldRecord | undefined) => record?.detail['contact_type'] === 'customer'
  const picked = collections.customer.pick(random, 'living')
  if (picked !== undefined && isCustomer(picked)) return picked
  return random.pick(collections.customer.living().filter(isCustomer))
}

/** The currency in which a contact's documents are written. */
export function currencyOf({ references }: World, contact: JsonObject): Currency {
  const { base, foreign } = references.currencies
  return contact['currency_code'] === foreign.code ? foreign : base
}
