import { compareDecimals, decimal, sum, zero, Decimal } from '../exact/decimal.ts'
import { decimalOf, objectsOf, textOf } from '../exact/fields.ts'
import { writeJson, type JsonObject } from '../exact/json.ts'
import { testWorld } from '../testing/test-world.ts'
import { readTime } from '../zone.ts'
import { recordTypes, type RecordType } from './record-type.ts'
import type { World } from './world.ts'

const customer = testWorld({ size: 'customer' })

function details(world: World, type: RecordType): JsonObject[] {
  return world.collections[type].living().map(({ detail }) => detail)
}

function everything(world: World): string {
  return recordTypes.map((type) => writeJson(details(world, type))).join('\n')
}

function inStock(item: JsonObject): boolean {
  const stock = item['stock_on_hand']
  return stock instanceof Decimal && compareDecimals(stock, zero) > 0
}

describe('a world at the customer’s size', () => {
  it('holds as many records of each type as the customer has', () => {
    const counts = recordTypes.map((type) => customer.collections[type].livingCount())
    expect(counts).toEqual([2221, 2603, 1000, 150, 120, 80, 7])
    const contacts = details(customer, 'customer')
    expect(contacts.filter((contact) => contact['contact_type'] === 'vendor')).toHaveLength(100)
  })

  it('has 1,312 active items, and 477 with stock in two or three locations each', () => {
    const items = details(customer, 'product')
    expect(items.filter((item) => item['status'] === 'active')).toHaveLength(1312)
    const stocked = items.filter(inStock)
    expect(stocked).toHaveLength(477)
    const places = stocked.map((item) => objectsOf(item, 'locations').length)
    expect(new Set(places)).toEqual(new Set([2, 3]))
  })

  it('shows the stock of an item as the sum over its locations', () => {
    for (const item of details(customer, 'product').filter(inStock)) {
      const held = objectsOf(item, 'locations').map((place) => decimalOf(place, 'location_stock_on_hand'))
      expect(compareDecimals(sum(held), decimalOf(item, 'stock_on_hand'))).toBe(0)
    }
  })

  it('leaves the stock of untracked items blank in some and out in others', () => {
    const untracked = details(customer, 'product').filter((item) => item['track_inventory'] === false)
    expect(new Set(untracked.map((item) => item['stock_on_hand']))).toEqual(new Set(['', undefined]))
    expect(untracked.flatMap((item) => objectsOf(item, 'locations'))).toEqual([])
  })

  it('gives only some items custom fields, and some of those no value', () => {
    const items = details(customer, 'product')
    const fields = items.flatMap((item) => objectsOf(item, 'custom_fields'))
    expect(items.some((item) => objectsOf(item, 'custom_fields').length === 0)).toBe(true)
    expect(fields.some((field) => field['value'] === '')).toBe(true)
    expect(fields.some((field) => field['value'] instanceof Decimal)).toBe(true)
  })

  it('names things in Arabic and in English', () => {
    for (const [type, key] of [
      ['product', 'name'],
      ['customer', 'contact_name'],
      ['price_list', 'name'],
    ] as const) {
      const names = details(customer, type).map((detail) => textOf(detail, key))
      expect(names.some((name) => /\p{Script=Arabic}/u.test(name))).toBe(true)
      expect(names.some((name) => /[A-Za-z]{3}/.test(name))).toBe(true)
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('has price lists of all three kinds in two currencies', () => {
    const lists = details(customer, 'price_list')
    const kinds = lists.map((list) => list['pricing_scheme'] ?? list['pricebook_type'])
    expect(new Set(kinds)).toEqual(new Set(['unit', 'volume', 'fixed_percentage']))
    expect(new Set(lists.map((list) => list['currency_code']))).toEqual(new Set(['IQD', 'USD', '']))
  })

  it('refers only to records that exist', () => {
    const { product, customer: contact, invoice } = customer.collections
    for (const detail of details(customer, 'invoice')) {
      expect(contact.get(textOf(detail, 'customer_id'))).toBeDefined()
      const items = objectsOf(detail, 'line_items').map((line) => textOf(line, 'item_id'))
      expect(items.filter((id) => id !== '' && product.get(id) === undefined)).toEqual([])
    }
    const credited = details(customer, 'credit_note').map((note) => textOf(note, 'invoice_id'))
    expect(credited.filter((id) => id !== '' && invoice.get(id) === undefined)).toEqual([])
  })

  it('writes invoices of one to eight lines with both kinds of discount and every status', () => {
    const invoices = details(customer, 'invoice')
    const lengths = new Set(invoices.map((invoice) => objectsOf(invoice, 'line_items').length))
    expect([...lengths].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const discounts = invoices
      .flatMap((invoice) => objectsOf(invoice, 'line_items'))
      .map((line) => line['discount'])
    expect(discounts).toContain('5%')
    expect(discounts).toContainEqual(decimal('1.10'))
    const statuses = new Set(invoices.map((invoice) => invoice['status']))
    expect(statuses.size).toBe(8)
  })

  it('uses rates and quantities that break careless arithmetic', () => {
    const lines = details(customer, 'invoice').flatMap((invoice) => objectsOf(invoice, 'line_items'))
    const rates = new Set(lines.map((line) => decimalOf(line, 'rate').source))
    for (const rate of ['0.1', '1.10', '1234567.89', '0.333333']) expect(rates).toContain(rate)
    expect(lines.some((line) => /\.\d{3}$/.test(decimalOf(line, 'quantity').source))).toBe(true)
    const totals = lines.map((line) => decimalOf(line, 'item_total').source)
    expect(totals.some((total) => total.endsWith('.0'))).toBe(true)
    expect(totals.some((total) => total.endsWith('.00'))).toBe(true)
    expect(totals.some((total) => !total.includes('.'))).toBe(true)
  })

  it('totals its invoices: lines, taxes, discount and extras add up to the last digit', () => {
    for (const invoice of details(customer, 'invoice')) {
      const lines = objectsOf(invoice, 'line_items')
      const net = sum(lines.map((line) => decimalOf(line, 'item_total')))
      expect(compareDecimals(net, decimalOf(invoice, 'sub_total'))).toBe(0)
      const extras = ['tax_total', 'shipping_charge', 'adjustment'].map((key) => decimalOf(invoice, key))
      const off = invoice['discount_type'] === 'entity_level' ? decimalOf(invoice, 'discount_total') : zero
      const expected = sum([net, ...extras])
      const total = sum([decimalOf(invoice, 'total'), off])
      expect(compareDecimals(total, expected)).toBe(0)
    }
  })

  it('gives every record an id of 18 digits of its own, many of them the same as a double', () => {
    const ids = recordTypes.flatMap((type) => customer.collections[type].living().map(({ id }) => id))
    expect(ids.filter((id) => !/^\d{18}$/.test(id))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(ids.map(Number)).size).toBeLessThan(ids.length)
  })

  it('owes customers what their documents leave open', () => {
    const [owing] = details(customer, 'customer').filter(
      (contact) => compareDecimals(decimalOf(contact, 'outstanding_receivable_amount'), zero) > 0,
    )
    const open = details(customer, 'invoice')
      .filter((invoice) => invoice['customer_id'] === owing?.['contact_id'])
      .filter((invoice) => !['draft', 'void'].includes(textOf(invoice, 'status')))
      .map((invoice) => decimalOf(invoice, 'balance'))
    expect(compareDecimals(sum(open), decimalOf(owing ?? {}, 'outstanding_receivable_amount'))).toBe(0)
  })
})

describe('buildWorld', () => {
  it('makes the same world from the same seed, and another from another', () => {
    expect(everything(testWorld())).toBe(everything(testWorld()))
    expect(everything(testWorld({ seed: 'other' }))).not.toBe(everything(testWorld()))
  })

  it('writes Baghdad’s times with +0300 all year', () => {
    expect(offsets(testWorld())).toEqual(new Set(['+0300']))
  })

  it('shows both offsets of a zone with summer time', () => {
    expect(offsets(testWorld({ timeZone: 'Europe/Dublin' }))).toEqual(new Set(['+0000', '+0100']))
  })

  it('writes the same instants whatever the zone', () => {
    const instants = (world: World) =>
      details(world, 'invoice').map((invoice) => readTime(textOf(invoice, 'last_modified_time')))
    expect(instants(testWorld({ timeZone: 'Europe/Dublin' }))).toEqual(instants(testWorld()))
  })

  it('makes a world of the size asked for', () => {
    const world = testWorld({ size: { items: 10, customers: 3, vendors: 1, invoices: 2, bills: 0 } })
    const { product, customer: contacts, invoice, bill } = world.collections
    expect([product, contacts, invoice, bill].map((each) => each.livingCount())).toEqual([10, 4, 2, 0])
  })

  it.each([
    [{ items: -1 }, 'size.items'],
    [{ item: 3 }, 'size has no item'],
    [{ items: 3, activeItems: 4 }, 'no more items'],
    [{ items: 0 }, 'documents need'],
  ])('refuses the size %j', (size: object, message) => {
    expect(() => testWorld({ size })).toThrow(message)
  })
})

function offsets(world: World): Set<string> {
  const texts = details(world, 'customer').flatMap((contact) => [
    textOf(contact, 'created_time'),
    textOf(contact, 'last_modified_time'),
  ])
  return new Set(texts.map((text) => text.slice(19)))
}
