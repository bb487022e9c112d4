import { customer } from '../entities/customer.ts'
import { entities } from '../entities/index.ts'
import { invoice } from '../entities/invoice.ts'
import { priceList } from '../entities/price-list.ts'
import { product } from '../entities/product.ts'
import { ExactNumber, type ExactJson, type ExactObject } from '../json/index.ts'
import { createJudgedWorld, testLimits, type JudgedWorld } from '../testing/judged-world.ts'
import { exampleRecord } from '../testing/sync-world.ts'
import { checkQuality } from './check-quality.ts'
import { qualityRules } from './index.ts'

const pouch = '460122000000101014'
const sleeve = '460122000000101022'
let world: JudgedWorld

beforeAll(async () => {
  world = await createJudgedWorld()
})
afterEach(async () => {
  await world.clear()
})
afterAll(async () => {
  await world.drop()
})

describe('the registry of rules', () => {
  it('names each rule once', () => {
    expect(new Set(qualityRules.map((rule) => rule.name)).size).toBe(qualityRules.length)
  })

  it('has SQL that Postgres takes, for every rule and type', async () => {
    for (const entity of entities) await world.apply(entity, { id: entity.type })
    await expect(checkQuality(world.db, testLimits)).resolves.not.toBeNull()
  })
})

describe('line_sums', () => {
  it.each<[string, Record<string, ExactJson>]>([
    ['item by item', {}],
    [
      'with shipping, adjustment and rounding',
      {
        shipping_charge: new ExactNumber('5.10'),
        adjustment: new ExactNumber('-0.01'),
        roundoff_value: new ExactNumber('0.09'),
        total: new ExactNumber('367.72'),
      },
    ],
    [
      "with a discount of the document's own",
      {
        discount_type: 'entity_level',
        discount_total: new ExactNumber('14.75'),
        total: new ExactNumber('347.79'),
      },
    ],
    [
      'with discounts of the lines, which are in their totals already',
      { discount_type: 'item_level', discount_total: new ExactNumber('14.75') },
    ],
    [
      'with tax within the prices',
      {
        is_inclusive_tax: true,
        line_items: [line('1', '362.54')],
      },
    ],
    ['rounded in the sum and not in each line', { line_items: [line('1', '174'), line('2', '120.756')] }],
  ])('takes a document that adds up %s', async (_how, changes) => {
    await world.judge(invoice, { id: '1', changes })
    expect(await world.open('line_sums')).toEqual([])
  })

  it('finds a lost line, with the exact amounts', async () => {
    await world.judge(invoice, { id: '1', changes: { line_items: [line('1', '174')] } })
    expect(await world.open('line_sums')).toEqual([
      expect.objectContaining({
        entity_id: '1',
        subject: 'sub_total',
        detail: { sub_total: '294.75', sum: '174', lines: '1', difference: '120.75' },
      }),
    ])
  })

  it('finds a document that lost all its lines', async () => {
    await world.judge(invoice, { id: '1', changes: { line_items: [] } })
    expect((await world.open('line_sums')).map((finding) => finding.subject)).toEqual(['sub_total'])
  })

  it('finds a total that is off by the smallest unit', async () => {
    await world.judge(invoice, { id: '1', changes: { total: new ExactNumber('362.55') } })
    expect((await world.open('line_sums')).map((finding) => finding.subject)).toEqual(['total'])
  })

  it('keeps digits that a double would lose', async () => {
    const changes = {
      line_items: [line('1', '9007199254740993.01')],
      sub_total: new ExactNumber('9007199254740993.03'),
      tax_total: new ExactNumber('0'),
      total: new ExactNumber('9007199254740993.03'),
    }
    await world.judge(invoice, { id: '1', changes })
    expect((await world.open('line_sums'))[0]?.detail).toMatchObject({ difference: '0.02' })
  })
})

describe('missing_reference', () => {
  beforeEach(async () => {
    await world.apply(customer, { id: '460122000000205001' })
  })

  it('names what an invoice lacks, once however many lines name it, and is over when that arrives', async () => {
    const twice = [line('1', '174', pouch), line('2', '120.75', pouch)]
    await world.judge(invoice, { id: '1', changes: { line_items: twice } })
    expect(await world.open('missing_reference')).toEqual([
      expect.objectContaining({
        entity_id: '1',
        subject: `item_zoho_id ${pouch}`,
        related_id: pouch,
        detail: { column: 'item_zoho_id', id: pouch, rows: '2', state: 'absent' },
      }),
    ])
    await world.judge(product, { id: pouch })
    expect(await world.open('missing_reference')).toEqual([])
    expect(await world.resolved('missing_reference')).toHaveLength(1)
  })

  it('comes back when the record that it names is deleted', async () => {
    await world.apply(product, { id: pouch })
    await world.apply(product, { id: sleeve, changes: { sku: 'other' } })
    await world.judge(invoice, { id: '1' })
    expect(await world.open('missing_reference')).toEqual([])
    await world.receive({ entity: product, zohoId: sleeve, body: Object.create(null), operation: 'delete' })
    await world.settle()
    await checkQuality(world.db, testLimits)
    expect(await world.open('missing_reference')).toEqual([
      expect.objectContaining({
        related_id: sleeve,
        detail: { column: 'item_zoho_id', id: sleeve, rows: '1', state: 'deleted' },
      }),
    ])
  })

  it('names a customer that is not there, and judges no line without an item', async () => {
    await world.judge(invoice, {
      id: '1',
      changes: { customer_id: 'nobody', line_items: [line('1', '294.75', '')] },
    })
    expect((await world.open('missing_reference')).map((finding) => finding.subject)).toEqual([
      'customer_zoho_id nobody',
    ])
  })

  it('finds a reference longer than an index takes', async () => {
    const long = Array.from({ length: 150 }, (_, index) => String(index * 7919)).join('-')
    await world.judge(invoice, { id: '1', changes: { line_items: [line('1', '294.75', long)] } })
    expect(await world.open('missing_reference')).toHaveLength(1)
  })
})

describe('duplicate_sku', () => {
  it('names a code that several items in use have, and is over when they have not', async () => {
    await world.apply(product, { id: '1', changes: { sku: 'A' } })
    await world.apply(product, { id: '2', changes: { sku: 'A' } })
    await world.judge(product, { id: '3', changes: { sku: 'A', status: 'inactive' } })
    expect(await world.open('duplicate_sku')).toEqual([
      expect.objectContaining({
        entity_id: null,
        subject: 'sku=A',
        detail: { column: 'sku', value: 'A', records: '2', ids: ['1', '2'] },
      }),
    ])
    await world.judge(product, { id: '2', minutesNewer: 1, changes: { sku: 'B' } })
    expect(await world.open('duplicate_sku')).toEqual([])
  })

  it('is over when one of them is no longer in use, and begins when one comes to be', async () => {
    await world.apply(product, { id: '1', changes: { sku: 'A' } })
    await world.judge(product, { id: '2', changes: { sku: 'A' } })
    await world.judge(product, { id: '1', minutesNewer: 1, changes: { sku: 'A', status: 'inactive' } })
    expect(await world.open('duplicate_sku')).toEqual([])
    await world.judge(product, { id: '1', minutesNewer: 2, changes: { sku: 'A' } })
    expect(await world.open('duplicate_sku')).toHaveLength(1)
  })

  it('counts no blank and no deleted item', async () => {
    await world.apply(product, { id: '1', changes: { sku: '' } })
    await world.judge(product, { id: '2', changes: { sku: '' } })
    expect(await world.open('duplicate_sku')).toEqual([])
    await world.apply(product, { id: '3', changes: { sku: 'A' } })
    await world.judge(product, { id: '4', changes: { sku: 'A' } })
    await world.receive({ entity: product, zohoId: '4', body: Object.create(null), operation: 'delete' })
    await world.settle()
    await checkQuality(world.db, testLimits)
    expect(await world.open('duplicate_sku')).toEqual([])
  })
})

describe('negative_stock', () => {
  it('looks at the total and at each location', async () => {
    const locations = [location('10', '-2'), location('11', '190')]
    await world.judge(product, { id: '1', changes: { locations } })
    expect(await world.open('negative_stock')).toEqual([
      expect.objectContaining({
        subject: 'stock_on_hand at 10',
        detail: { stock_on_hand: '-2', location_zoho_id: '10' },
      }),
    ])
  })
})

describe('stock_by_location', () => {
  it('finds a total that its locations do not add up to', async () => {
    await world.judge(product, { id: '1', changes: { stock_on_hand: new ExactNumber('187.5') } })
    expect(await world.open('stock_by_location')).toEqual([
      expect.objectContaining({
        subject: 'stock_on_hand',
        detail: { stock_on_hand: '187.5', sum: '188', rows: '2', difference: '-0.5' },
      }),
    ])
  })

  it('compares nothing where there are no locations or no total', async () => {
    await world.apply(product, { id: '1', changes: { locations: [] } })
    await world.judge(product, {
      id: '2',
      changes: { stock_on_hand: '', available_stock: '', actual_available_stock: '', sku: 'other' },
    })
    expect(await world.open('stock_by_location')).toEqual([])
  })
})

describe('unpriced_item', () => {
  it('judges nothing where no list is in use', async () => {
    await world.judge(product, { id: '1' })
    await list({ status: 'inactive' })
    expect(await world.open('unpriced_item')).toEqual([])
  })

  it('finds an item in use that no list names, until one does or the item is out of use', async () => {
    await world.apply(product, { id: '1', changes: { sku: 'A' } })
    await world.apply(product, { id: '2', changes: { sku: 'B' } })
    await world.apply(product, { id: '3', changes: { sku: 'C', item_type: 'purchases' } })
    await list({ pricebook_items: [price('1')] })
    expect((await world.open('unpriced_item')).map((finding) => finding.entity_id)).toEqual(['2'])
    await list({ pricebook_items: [price('1'), price('2')] })
    expect(await world.open('unpriced_item')).toEqual([])
    await list({ pricebook_items: [price('2')] })
    await world.judge(product, { id: '1', minutesNewer: 1, changes: { sku: 'A', status: 'inactive' } })
    expect(await world.open('unpriced_item')).toEqual([])
  })

  it("takes an item's own price where a list in use takes a share of every item's", async () => {
    await world.apply(product, { id: '1', changes: { sku: 'A' } })
    await world.apply(product, { id: '2', changes: { sku: 'B', rate: '' } })
    await list({ pricebook_items: [], pricebook_type: 'fixed_percentage' })
    expect((await world.open('unpriced_item')).map((finding) => finding.entity_id)).toEqual(['2'])
  })

  async function list(changes: Record<string, ExactJson>): Promise<void> {
    const id = '460122000000310001'
    world.source.hold(id, exampleRecord(priceList, 'detail', changes))
    await world.receive({ entity: priceList, zohoId: id, body: exampleRecord(priceList, 'webhook', changes) })
    await world.settle()
    await world.passTime()
    await world.settle()
    await checkQuality(world.db, testLimits)
    await world.walk()
  }

  function price(item: string): ExactObject {
    const [first] = exampleRecord(priceList, 'detail')['pricebook_items'] as ExactObject[]
    return Object.assign(Object.create(null) as ExactObject, first, { item_id: item })
  }
})

describe('unknown_currency', () => {
  it.each([
    ['no code', '', null],
    ['a code that ISO 4217 does not have', 'XQQ', 'XQQ'],
    ['a code in another form', 'usd', 'usd'],
  ])('finds a document with %s', async (_what, sent, stored) => {
    await world.judge(invoice, { id: '1', changes: { currency_code: sent } })
    expect((await world.open('unknown_currency')).map((finding) => finding.detail)).toEqual([
      { currency_code: stored },
    ])
  })

  it('knows a currency that was withdrawn lately, because old documents keep it', async () => {
    await world.judge(invoice, { id: '1', changes: { currency_code: 'HRK' } })
    expect(await world.open('unknown_currency')).toEqual([])
  })
})

function line(id: string, total: string, item = pouch): ExactObject {
  const [first] = exampleRecord(invoice, 'detail')['line_items'] as ExactObject[]
  return Object.assign(Object.create(null) as ExactObject, first, {
    line_item_id: id,
    item_id: item,
    item_total: new ExactNumber(total),
  })
}

function location(id: string, stock: string): ExactObject {
  const [first] = exampleRecord(product, 'detail')['locations'] as ExactObject[]
  return Object.assign(Object.create(null) as ExactObject, first, {
    location_id: id,
    location_stock_on_hand: new ExactNumber(stock),
  })
}
