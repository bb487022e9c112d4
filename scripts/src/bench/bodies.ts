import { createHmac } from 'node:crypto'
import type { RecordBody } from '@tds/dev-env'

/** Secret of the benches' webhooks. */
export const benchSecret = 'benchWebhookSecret2026'
/** Organisation of the benches. */
export const benchOrganization = '700100200'

/** A delivery ready to be sent: the bytes and their signature. */
export interface PreparedDelivery {
  readonly zohoId: string
  readonly body: string
  readonly signature: string
}

/**
 * A product as a full webhook body of about 1.3 kB: every mapped key, two locations, a custom field, Arabic and English,
 * and some keys that nobody maps. It is complete, so that processing it needs no read.
 */
function productBody(index: number, version: number): RecordBody {
  const id = String(573_914_000_000_000_000n + BigInt(index))
  const price = `${String(10 + (index % 90))}.${String(10 + (index % 89))}`
  const minute = String(version % 60).padStart(2, '0')
  const hour = String(Math.floor(version / 60) % 24).padStart(2, '0')
  const modifiedAt = `2026-07-21T${hour}:${minute}:55+0300`
  const location = (place: number, stock: number): string =>
    `{"location_id":"57391400000003900${String(place)}","location_name":"Store ${String(place)}","location_stock_on_hand":${String(stock)},"location_available_stock":${String(stock)},"location_actual_available_stock":${String(stock)}}`
  const body =
    `{"item":{"item_id":"${id}","name":"حقيبة قماش ${String(index)} Canvas bag","sku":"CB-${String(index)}","status":"active",` +
    `"unit":"pcs","description":"Natural canvas, twelve litre, for bench ${String(index)}","item_type":"inventory","product_type":"goods",` +
    `"rate":${price},"purchase_rate":6.2,"tax_name":"VAT","tax_percentage":15,"stock_on_hand":${String(index % 500)},` +
    `"available_stock":${String(index % 500)},"actual_available_stock":${String(index % 500)},"reorder_level":40,"brand":"Northside",` +
    `"manufacturer":"Northside Ltd","image_name":"tote.jpg","can_be_sold":true,"track_inventory":true,"account_id":"573914000000000388",` +
    `"account_name":"Sales","vendor_name":"Weavers","locations":[${location(1, index % 300)},${location(2, index % 200)}],` +
    `"custom_fields":[{"customfield_id":"573914000000071003","api_name":"cf_bin_code","label":"Bin code","value":"A-${String(index % 99)}"}],` +
    `"created_time":"2026-03-02T10:14:07+0300","last_modified_time":"${modifiedAt}"}}`
  return { type: 'product', id, version: modifiedAt, body }
}

/** So many products from `first` on, all of the given version. */
export function* productBodies(
  count: number,
  o: { readonly first: number; readonly version: number },
): Generator<RecordBody, void> {
  for (let offset = 0; offset < count; offset += 1) yield productBody(o.first + offset, o.version)
}

/** Bodies signed as Zoho signs them, so many from `first` on, with the given version. */
export function prepareDeliveries(
  count: number,
  o: { readonly first: number; readonly version: number },
): PreparedDelivery[] {
  return Array.from(productBodies(count, o), ({ id, body }) => ({
    zohoId: id,
    body,
    signature: createHmac('sha256', benchSecret)
      .update(`organization_id${benchOrganization}${body}`)
      .digest('hex'),
  }))
}
