import { pick } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import { exampleKeys, priceListKeys } from '../testing/example-keys.ts'
import { keySetsOf, sortedKeySets, unionOfKeySets } from '../testing/key-sets.ts'
import { testWorld } from '../testing/test-world.ts'
import type { WorldRecord } from './collection.ts'
import { kinds } from './kinds.ts'
import type { Root } from './record-kind.ts'
import { recordTypes, type RecordType } from './record-type.ts'

const world = testWorld()

/** The records that show every key: of items, the tracked ones; of price lists, the ones with a rate for each item. */
function fullRecords(type: RecordType): WorldRecord[] {
  return world.collections[type].living().filter(({ detail }) => {
    if (type === 'product') return detail['track_inventory'] === true
    return type === 'price_list' ? detail['pricing_scheme'] === 'unit' : true
  })
}

function view(root: Root) {
  return { world, root }
}

function rows(type: RecordType, root: Root = kinds[type].home): JsonObject[] {
  return fullRecords(type).map((record) => kinds[type].row(record, view(root)))
}

describe.each(recordTypes)('the key sets of a %s', (type) => {
  const kind = kinds[type]
  const expected = exampleKeys[type]

  it('are the example’s in the detail, down to the lines', () => {
    const details = fullRecords(type).map((record) => kind.detail(record, view(kind.home)))
    expect(unionOfKeySets(details)).toEqual(sortedKeySets(expected.detail))
  })

  it('are the example’s in every single detail, at the top', () => {
    for (const record of fullRecords(type)) {
      const detail = keySetsOf(kind.detail(record, view(kind.home)))
      expect(detail['.']).toEqual(sortedKeySets(expected.detail)['.'])
    }
  })

  it('are the example’s in the list row', () => {
    expect(unionOfKeySets(rows(type))).toEqual(sortedKeySets(expected.row))
  })

  it('are the example’s in the webhook', () => {
    const bodies = fullRecords(type).map(({ detail }) => pick(detail, kind.webhookKeys))
    expect(unionOfKeySets(bodies)).toEqual(sortedKeySets(expected.webhook))
  })
})

describe('list rows', () => {
  it.each(recordTypes)('of a %s never carry lines', (type) => {
    const keys = rows(type).flatMap((row) => Object.keys(row))
    expect(keys).not.toContain('line_items')
    expect(keys).not.toContain('pricebook_items')
  })

  it('of items show custom fields at the top, and stock only where it is tracked', () => {
    const { product } = kinds
    for (const record of world.collections.product.living()) {
      const row = product.row(record, view('inventory'))
      expect('stock_on_hand' in row).toBe(record.detail['track_inventory'])
      const custom = Object.keys(record.detail['custom_field_hash'] ?? {}).filter(
        (key) => !key.endsWith('_unformatted'),
      )
      expect(Object.keys(row).filter((key) => key.startsWith('cf_'))).toEqual(custom)
    }
  })

  it('of items carry neither stock nor codes nor sizes in Books', () => {
    const keys = new Set(rows('product', 'books').flatMap((row) => Object.keys(row)))
    for (const key of ['stock_on_hand', 'ean', 'weight', 'brand']) expect(keys).not.toContain(key)
    for (const key of ['item_name', 'sku', 'has_attachment', 'last_modified_time'])
      expect(keys).toContain(key)
  })

  it('of invoices write zipcode where the detail writes zip', () => {
    const [row = {}] = rows('invoice')
    expect(row['billing_address']).toHaveProperty('zipcode')
    expect(row['billing_address']).not.toHaveProperty('zip')
  })

  it('of bills hold the bill’s id under is_opening_balance', () => {
    for (const row of rows('bill')) expect(row['is_opening_balance']).toBe(row['bill_id'])
  })

  it('of price lists alone say when a list was modified', () => {
    const [record] = fullRecords('price_list')
    expect(record?.detail).not.toHaveProperty('last_modified_time')
    expect(rows('price_list')[0]).toHaveProperty('last_modified_time')
  })
})

describe('price lists', () => {
  it.each([
    ['volume', (detail: JsonObject) => detail['pricing_scheme'] === 'volume'],
    ['percentage', (detail: JsonObject) => detail['pricebook_type'] === 'fixed_percentage'],
  ] as const)('of the %s kind have the key sets of their example', (kind, matches) => {
    const details = world.collections.price_list.living().filter(({ detail }) => matches(detail))
    expect(unionOfKeySets(details.map(({ detail }) => detail))).toEqual(sortedKeySets(priceListKeys[kind]))
  })
})
