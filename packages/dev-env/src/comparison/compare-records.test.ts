import { entities } from '@tds/core'
import type { Queryable } from '@tds/db'

import { compareRecords } from './compare-records.ts'
import { type JsonRecord, readJsonText } from './exact-text.ts'
import { expectations } from './expectations.ts'

const ITEM = `{
  "item_id": "460122000000101014", "name": "صندوق Box", "sku": "BX-1", "status": "active", "unit": "",
  "rate": 14.50, "stock_on_hand": 9007199254740993,
  "locations": [{"location_id": "39001", "location_name": "Main", "location_stock_on_hand": 148.0}],
  "custom_fields": [{"api_name": "cf_bin", "value": "C-1"}, {"api_name": "cf_weight", "value": 1.50}],
  "created_time": "2026-03-02T10:14:07+0000", "last_modified_time": "2026-07-21T16:03:55+0100"
}`

const ROW = {
  zoho_id: '460122000000101014',
  name: 'صندوق Box',
  sku: 'BX-1',
  status: 'active',
  unit: null,
  rate: '14.5',
  stock_on_hand: '9007199254740993',
  custom_fields: '{"cf_bin": "C-1", "cf_weight": 1.5}',
  deleted_at: null,
  created_instant: '2026-03-02T10:14:07.000000Z',
  modified_instant: '2026-07-21T15:03:55.000000Z',
  completed_instant: '2026-07-21T15:03:55.000000Z',
}

const STOCK = {
  product_zoho_id: '460122000000101014',
  location_zoho_id: '39001',
  location_name: 'Main',
  stock_on_hand: '148',
}

describe('compareRecords', () => {
  it('finds a record equal to its row whatever the form of numbers, times and blanks', async () => {
    expect(await compare({ rows: [ROW], stock: [STOCK] })).toEqual({
      type: 'product',
      compared: 1,
      equal: 1,
      differences: [],
    })
  })

  it.each([
    ['a changed amount', { rate: '14.51' }, '(BX-1) rate is "14.51", Zoho has "14.5"'],
    ['a digit beyond a double', { stock_on_hand: '9007199254740992' }, 'stock_on_hand is "9007199254740992"'],
    ['a blank stored as text', { unit: '' }, 'unit is "", Zoho has empty'],
    ['a value where Zoho has none', { unit: 'pcs' }, 'unit is "pcs", Zoho has empty'],
    ['a lost value', { name: null }, 'name is empty, Zoho has "صندوق Box"'],
    [
      'a version that is not the newest',
      { modified_instant: '2026-07-21T15:03:54.000000Z' },
      'source_modified_at is',
    ],
    ['a row that is not fully known', { completed_instant: null }, 'completed_version is empty'],
    [
      'a custom field with another value',
      { custom_fields: '{"cf_bin":"C-2","cf_weight":1.5}' },
      'custom field cf_bin',
    ],
    [
      'a custom field that is missing',
      { custom_fields: '{"cf_bin":"C-1"}' },
      'custom field cf_weight is absent',
    ],
    ['a false tombstone', { deleted_at: '2026-08-01' }, 'is a tombstone in the database'],
  ])('reports %s', async (_what, damage, says) => {
    const verdict = await compare({ rows: [{ ...ROW, ...damage }], stock: [STOCK] })
    const told = verdict.differences.map((difference) => difference.says)
    expect(told).toEqual([expect.stringContaining(says)])
    expect(verdict).toMatchObject({ compared: 1, equal: 0 })
  })

  it.each([
    ['is missing', [], 'locations 39001: missing in the database'],
    [
      'has another value',
      [{ ...STOCK, stock_on_hand: '147' }],
      'locations 39001: stock_on_hand is "147", Zoho has "148"',
    ],
    [
      'is one too many',
      [STOCK, { ...STOCK, location_zoho_id: '9' }],
      'locations 9: in the database, but not in Zoho',
    ],
  ])('reports a location that %s', async (_what, stock, says) => {
    const verdict = await compare({ rows: [ROW], stock })
    expect(verdict.differences.map((difference) => difference.says)).toEqual([expect.stringContaining(says)])
  })

  it('reports a record that never arrived and a row that Zoho does not have', async () => {
    const verdict = await compare({ rows: [{ ...ROW, zoho_id: '5' }], stock: [] })
    expect(verdict).toMatchObject({ compared: 2, equal: 0 })
    expect(verdict.differences.map((difference) => difference.says)).toEqual([
      '(BX-1) is missing in the database',
      'is in the database, but Zoho has no such record',
    ])
  })

  it('accepts the tombstone of a record that Zoho no longer has', async () => {
    const verdict = await compare({ rows: [{ ...ROW, deleted_at: '2026-08-01' }], stock: [], living: [] })
    expect(verdict).toMatchObject({ compared: 1, equal: 1, differences: [] })
  })
})

describe('compareRecords of a price list', () => {
  const list = `{"pricebook_id": "5", "name": "Trade", "status": "active", "is_increase": false, "percentage": "", "pricebook_items": [
    {"item_id": "7", "name": "Box", "price_brackets": [
      {"pricebook_item_id": "71", "start_quantity": 1, "end_quantity": 9, "pricebook_rate": 2.50, "pricebook_discount": ""},
      {"pricebook_item_id": "72", "start_quantity": 10.0, "end_quantity": "", "pricebook_rate": 2, "pricebook_discount": "5%"}]},
    {"item_id": "8", "name": "Bag", "pricebook_item_id": "81", "pricebook_rate": 1}]}`
  const row = {
    zoho_id: '5',
    name: 'Trade',
    status: 'active',
    is_increase: false,
    custom_fields: '{}',
    deleted_at: null,
    modified_instant: null,
    completed_instant: '2026-07-21T15:03:55.000000Z',
  }
  const price = (item: string, from: string, rest: object) => ({
    price_list_zoho_id: '5',
    item_zoho_id: item,
    start_quantity: from,
    ...rest,
  })
  const first = { end_quantity: '9', position: 1, pricebook_item_id: '71', name: 'Box', rate: '2.5' }
  const second = { position: 2, pricebook_item_id: '72', name: 'Box', rate: '2', discount: '5%' }
  const third = { position: 3, pricebook_item_id: '81', name: 'Bag', rate: '1' }
  const prices = [price('7', '1', first), price('7', '10', second), price('8', '1', third)]

  it('finds every bracket equal, each item from one on where Zoho names no quantity', async () => {
    expect(await told(row, prices)).toEqual([])
  })

  it.each<[string, object[], string]>([
    [
      'a lost bracket',
      [...prices.slice(0, 1), ...prices.slice(2)],
      'pricebook_items 7 10: missing in the database',
    ],
    [
      'a bracket with another rate',
      [price('7', '1', { ...first, rate: '2.51' }), ...prices.slice(1)],
      'pricebook_items 7 1: rate is "2.51", Zoho has "2.5"',
    ],
    [
      'a bracket that ends where Zoho has it open',
      [prices[0] ?? {}, price('7', '10', { ...second, end_quantity: '0' }), prices[2] ?? {}],
      'pricebook_items 7 10: end_quantity is "0", Zoho has empty',
    ],
    [
      'prices in another order',
      [prices[0] ?? {}, prices[1] ?? {}, price('8', '1', { ...third, position: 1 })],
      'pricebook_items 8 1: position is "1", Zoho has "3"',
    ],
    [
      'a bracket too many',
      [...prices, price('8', '5', third)],
      'pricebook_items 8 5: in the database, but not in Zoho',
    ],
  ])('reports %s', async (_what, rows, says) => {
    expect(await told(row, rows)).toEqual([`(Trade) ${says}`])
  })

  it.each<[string, object, string]>([
    ['a row that was never read completely', { completed_instant: null }, 'completed_version is empty'],
    [
      'a row known completely at another version only',
      { modified_instant: '2026-07-21T16:00:00.000000Z' },
      'completed_version is "2026-07-21T15:03:55.000000Z"',
    ],
    ['a wrong truth value', { is_increase: true }, 'is_increase is "true", Zoho has "false"'],
  ])('reports %s', async (_what, damage, says) => {
    expect(await told({ ...row, ...damage }, prices)).toEqual([expect.stringContaining(says)])
  })

  async function told(held: object, children: object[]): Promise<string[]> {
    const living = [readJsonText(list) as JsonRecord]
    const verdict = await compare({ type: 'price_list', rows: [held], stock: children, living })
    return verdict.differences.map((difference) => difference.says)
  }
})

describe('compareRecords where Zoho speaks another way', () => {
  const contact = `{"contact_id": "3", "contact_name": "Quay", "billing_address": {"zip": "T12", "city": "Cork"}}`
  const row = { zoho_id: '3', contact_name: 'Quay', custom_fields: '{}', deleted_at: null }

  it.each([
    ['{"city": "Cork", "zip": "T12"}', 0],
    ['{"city": "Cork", "zip": "T13"}', 1],
    ['"{\\"city\\":\\"Cork\\",\\"zip\\":\\"T12\\"}"', 1],
    [null, 1],
  ])('compares an address as an object: %s', async (billing_address, differences) => {
    const living = [readJsonText(contact) as JsonRecord]
    const verdict = await compare({
      type: 'customer',
      rows: [{ ...row, billing_address }],
      stock: [],
      living,
    })
    expect(verdict.differences).toHaveLength(differences)
  })

  it.each([
    ['bill', '"total": 10.0, "balance": 10', 'open'],
    ['bill', '"total": 10, "balance": 4', 'partially_paid'],
    ['invoice', '"total": 10, "balance": 10, "is_viewed_by_client": false', 'sent'],
    ['invoice', '"total": 10, "balance": 10, "is_viewed_by_client": true', 'viewed'],
    ['invoice', '"total": 10, "balance": 9.99, "is_viewed_by_client": true', 'partially_paid'],
  ])('expects of an overdue %s with %s the state behind it: %s', async (type, members, status) => {
    const living = [readJsonText(`{"${type}_id": "4", "status": "overdue", ${members}}`) as JsonRecord]
    const says = async (held: string) => {
      const rows = [{ zoho_id: '4', custom_fields: '{}', deleted_at: null, status: held }]
      const { differences } = await compare({ type, rows, stock: [], living })
      return differences.map((one) => one.says).filter((told) => told.includes(' status is '))
    }
    expect(await says(status)).toEqual([])
    expect(await says('overdue')).toEqual([expect.stringContaining(`"overdue", Zoho has "${status}"`)])
  })
})

describe('expectations', () => {
  it('cover every registered type and every column that it maps', () => {
    for (const entity of entities) {
      const expected = expectations[entity.type]
      expect(Object.keys(expected?.columns ?? {}).sort()).toEqual(
        entity.columns.map((column) => column.name).sort(),
      )
      for (const child of entity.children) {
        const counterpart = expected?.children.find((one) => one.table === child.table)
        expect(Object.keys(counterpart?.columns ?? {}).sort()).toEqual(
          child.columns.map((column) => column.name).sort(),
        )
      }
    }
  })
})

async function compare(o: { type?: string; rows: object[]; stock: object[]; living?: JsonRecord[] }) {
  const { type = 'product' } = o
  const children = expectations[type]?.children.map(({ table }) => table) ?? []
  const db: Queryable = {
    query: (text) => {
      const rows = (children.some((table) => text.includes(table)) ? o.stock : o.rows) as never[]
      return Promise.resolve({ rows, rowCount: rows.length })
    },
  }
  const living = o.living ?? [readJsonText(ITEM) as JsonRecord]
  return compareRecords(db, { organizationId: '790412365', source: { type, living } })
}
