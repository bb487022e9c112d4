import { pick, textOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import { place } from './names.ts'

/** An address as a contact's detail shows it. */
export function contactAddress(random: Random, { id, attention, phone }: Record<string, string>): JsonObject {
  const { city, street } = place(random)
  return {
    address_id: id ?? '',
    attention: attention ?? '',
    address: street,
    street2: '',
    city,
    state_code: '',
    state: random.chance(0.3) ? city : '',
    zip: random.chance(0.5) ? String(random.between(10_001, 69_999)) : '',
    country: 'Iraq',
    county: '',
    country_code: 'IQ',
    phone: phone ?? '',
    fax: '',
    latitude: '',
    longitude: '',
  }
}

/** The same address as the detail of an invoice shows it: with `street` and the country's code. */
export function invoiceAddress(address: JsonObject): JsonObject {
  return {
    street: textOf(address, 'address'),
    ...documentAddress(address),
    country_code: textOf(address, 'country_code'),
  }
}

/** The same address as the details of bills and credit notes show it. */
export function documentAddress(address: JsonObject): JsonObject {
  return pick(address, ['address', 'street2', 'city', 'state', 'zip', 'country', 'fax', 'phone', 'attention'])
}

/** The same address as an invoice's list row shows it: `zipcode` instead of `zip`. */
export function rowAddress(address: JsonObject): JsonObject {
  const { zip = '', ...rest } = documentAddress(address)
  const { country = '', fax = '', phone = '', attention = '', ...start } = rest
  return { ...start, zipcode: zip, country, fax, phone, attention }
}
