import fc from 'fast-check'
import { ExactNumber, parseExactText, type ExactJson, type ExactObject } from '../json/index.ts'
import { createSyncWorld, exampleRecord, wrapped, type SyncWorld } from '../testing/sync-world.ts'
import { mapRecord, type ColumnValues } from './map-record.ts'
import { priceList } from './price-list.ts'

const row = parseExactText(priceList.example.listRow).value as ExactObject

const volumeItems = `[
  {"item_id":"460122000000101014","name":"Linen pouch 3 L","can_be_sold":true,"can_be_purchased":true,"price_brackets":[
    {"pricebook_item_id":"460122000000310045","start_quantity":1,"end_quantity":23,"pricebook_discount":"","pricebook_rate":12.80},
    {"pricebook_item_id":"460122000000310047","start_quantity":24,"end_quantity":"","pricebook_discount":"7.50%","pricebook_rate":11.1}]},
  {"item_id":"460122000000101022","name":"Felt sleeve","can_be_sold":true,"can_be_purchased":true,"price_brackets":[
    {"pricebook_item_id":"460122000000310049","start_quantity":0.5,"end_quantity":"","pricebook_discount":"","pricebook_rate":0}]}]`

describe('a unit list', () => {
  it('has one price for each item, from one on without an end', () => {
    expect(prices(exampleRecord(priceList, 'detail'))).toEqual([
      {
        item_zoho_id: '460122000000101014',
        start_quantity: '1',
        end_quantity: null,
        position: '1',
        pricebook_item_id: '460122000000310015',
        name: 'Linen pouch 3 L',
        rate: '12.25',
        discount: null,
      },
      expect.objectContaining({ item_zoho_id: '460122000000101022', position: '2', discount: '5%' }),
    ])
  })

  it('takes an empty list of brackets, or a blank, for none', () => {
    for (const price_brackets of [[], '', null]) {
      expect(prices(withItems([{ item_id: '7', price_brackets }]))).toMatchObject([
        { item_zoho_id: '7', start_quantity: '1' },
      ])
    }
  })
})

describe('a volume list', () => {
  it('has one price for each bracket, with the item of each; a blank end is open', () => {
    expect(prices(withItems(parseExactText(volumeItems).value as ExactJson[]))).toMatchObject([
      {
        item_zoho_id: '460122000000101014',
        start_quantity: '1',
        end_quantity: '23',
        rate: '12.8',
        position: '1',
      },
      {
        item_zoho_id: '460122000000101014',
        start_quantity: '24',
        end_quantity: null,
        discount: '7.5%',
        position: '2',
      },
      {
        item_zoho_id: '460122000000101022',
        start_quantity: '0.5',
        end_quantity: null,
        rate: '0',
        position: '3',
      },
    ])
  })

  it('keeps every bracket of every item, whatever their number', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 20 }), (counts) => {
        const items = counts.map((count, item): ExactObject => ({
          item_id: String(100 + item),
          price_brackets: Array.from({ length: count }, (_, bracket): ExactObject => ({
            start_quantity: new ExactNumber(String(1 + bracket * 10)),
            pricebook_rate: new ExactNumber(`${String(item)}.${String(bracket)}`),
          })),
        }))
        const found = prices(withItems(items))
        expect(found).toHaveLength(counts.reduce((sum, count) => sum + count, 0))
        expect(found.map((price) => price['position'])).toEqual(found.map((_, index) => String(index + 1)))
      }),
    )
  })
})

describe('a percentage list', () => {
  const percentage = exampleRecord(priceList, 'detail', {
    pricebook_type: 'fixed_percentage',
    percentage: new ExactNumber('12.50'),
    is_increase: true,
    currency_id: '',
    currency_code: '',
    // A detail of this kind lacks the key; a list row has it blank.
    pricing_scheme: undefined,
    pricebook_items: [],
  })

  it('has no items, currency or scheme, and its percentage exactly', () => {
    expect(mapRecord(priceList, percentage, 'detail')).toMatchObject({
      completeness: 'complete',
      columns: { percentage: '12.5', is_increase: 'true', currency_code: null, pricing_scheme: null },
      children: { tds_price_list_items: [] },
    })
  })

  it('means the same in its list row, where the scheme is blank', () => {
    const { columns } = mapRecord(
      priceList,
      {
        ...row,
        pricebook_type: 'fixed_percentage',
        percentage: new ExactNumber('12.50'),
        is_increase: true,
        currency_code: '',
        pricing_scheme: '',
      },
      'list',
    )
    expect(columns).toEqual(mapRecord(priceList, percentage, 'detail').columns)
  })
})

describe('a price list', () => {
  it('has its version in the list row and none in the detail', () => {
    expect(mapRecord(priceList, row, 'list').version).toBe(Date.parse('2026-06-09T10:18:26Z'))
    expect(mapRecord(priceList, exampleRecord(priceList, 'detail'), 'detail').version).toBeNull()
  })

  it('has no say about its prices in a list row, whatever an old document shows there', () => {
    expect(mapRecord(priceList, { ...row, pricebook_items: [] }, 'list').children).toEqual({})
  })

  it.each<[string, ExactJson, string]>([
    ['an item without an id', [{ name: 'x' }], 'missing_required'],
    ['an item that is no object', ['460122000000101014'], 'missing_required'],
    ['a bracket that is no object', [{ item_id: '7', price_brackets: ['x'] }], 'missing_required'],
    ['brackets that are no list', [{ item_id: '7', price_brackets: 'many' }], 'bad_list'],
    ['a list that is none', 'none', 'bad_list'],
    ['an unreadable rate', [{ item_id: '7', pricebook_rate: 'free' }], 'bad_money'],
    ['an unreadable quantity', [{ item_id: '7', start_quantity: 'few' }], 'bad_money'],
    ['one item twice from the same quantity', [{ item_id: '7' }, { item_id: '7' }], 'duplicate_line'],
    [
      'one quantity twice, written differently',
      [
        { item_id: '7', start_quantity: new ExactNumber('10') },
        { item_id: '7', start_quantity: new ExactNumber('1e1') },
      ],
      'duplicate_line',
    ],
  ])('is refused by name for %s', (_what, items, code) => {
    expect(() => prices(withItems(items))).toThrow(expect.objectContaining({ code }))
  })
})

describe('the rows of a price list', () => {
  let world: SyncWorld
  let id = ''
  let made = 0

  beforeAll(async () => {
    world = await createSyncWorld()
  })

  beforeEach(() => {
    made += 1
    id = `46012200000031000${String(made)}`
  })

  afterAll(async () => {
    await world.drop()
  })

  it('follow a change of one bracket, found by a read without a version', async () => {
    await receive(withItems(parseExactText(volumeItems).value))
    expect(await stored()).toEqual(['…1014 from 1 to 23: 12.8', '…1014 from 24: 11.1', '…1022 from 0.5: 0'])
    await receive(withItems(parseExactText(volumeItems.replace('11.1', '10.95')).value))
    expect(await stored()).toEqual(['…1014 from 1 to 23: 12.8', '…1014 from 24: 10.95', '…1022 from 0.5: 0'])
    expect((await world.audit(id)).map((entry) => [entry.operation, entry.changed_fields])).toEqual([
      ['created', expect.arrayContaining(['lines', 'name'])],
      ['updated', ['lines']],
    ])
    expect(await world.row(priceList, id)).toMatchObject({
      source_modified_at: null,
      source_created_at: null,
      completed_version: expect.any(String),
      custom_fields: '{}',
    })
  })

  it('go when a unit list becomes a percentage', async () => {
    await receive(exampleRecord(priceList, 'detail'))
    expect(await stored()).toHaveLength(2)
    await receive(
      exampleRecord(priceList, 'detail', { pricebook_items: [], percentage: new ExactNumber('5') }),
    )
    expect(await stored()).toEqual([])
  })

  it('come at once from a sender that tells the version', async () => {
    const reads = world.source.reads()
    const record = exampleRecord(priceList, 'detail', { last_modified_time: '2026-06-09T11:18:26+0100' })
    world.source.hold(id, exampleRecord(priceList, 'detail'))
    expect(await send(record)).toBe('applied')
    expect(await stored()).toHaveLength(2)
    // Its custom fields are unknown, so one read completes it, at the version that was told.
    expect(world.source.reads()).toBe(reads + 1)
    const held = await world.row(priceList, id)
    expect(held?.['completed_version']).toBe(held?.['source_modified_at'])
  })

  /** What Zoho holds now, told by a body without a version, as senders of one's own make it. */
  async function receive(record: ExactObject): Promise<void> {
    world.source.hold(id, record)
    await send(record)
  }

  async function send(record: ExactObject): Promise<string> {
    const eventId = await world.receive({ entity: priceList, zohoId: id, body: wrapped(priceList, record) })
    await world.settle()
    return world.status(eventId)
  }

  async function stored(): Promise<string[]> {
    const { rows } = await world.db.query<{ told: string }>(
      `SELECT concat('…', right(item_zoho_id, 4), ' from ', start_quantity, ' to ' || end_quantity, ': ', rate) AS told
         FROM tds_price_list_items WHERE price_list_zoho_id = $1 ORDER BY item_zoho_id, start_quantity`,
      [id],
    )
    return rows.map(({ told }) => told)
  }
})

function withItems(items: ExactJson): ExactObject {
  return exampleRecord(priceList, 'detail', { pricing_scheme: 'volume', pricebook_items: items })
}

function prices(record: ExactObject): readonly ColumnValues[] {
  return mapRecord(priceList, record, 'detail').children['tds_price_list_items'] ?? []
}
