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

async function compare(o: { rows: object[]; stock: object[]; living?: JsonRecord[] }) {
  const db: Queryable = {
    query: (text) => {
      const rows = (text.includes('tds_product_stock') ? o.stock : o.rows) as never[]
      return Promise.resolve({ rows, rowCount: rows.length })
    },
  }
  const living = o.living ?? [readJsonText(ITEM) as JsonRecord]
  return compareRecords(db, { organizationId: '790412365', source: { type: 'product', living } })
}
