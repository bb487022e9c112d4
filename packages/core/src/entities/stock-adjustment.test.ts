import { ExactNumber, parseExactText, type ExactJson, type ExactObject } from '../json/index.ts'
import { exampleRecord } from '../testing/sync-world.ts'
import { mapRecord, type ColumnValues } from './map-record.ts'
import { stockAdjustment } from './stock-adjustment.ts'

const seen = parseExactText(stockAdjustment.example.listRow).value as ExactObject

/** The row as Zoho documents it: no status, no times, no item. */
const documented: ExactObject = Object.fromEntries(
  Object.entries({ ...seen, reason_id: '460122000000004807' }).filter(
    ([key]) =>
      !/^(?:status|item_id|name|.*_adjusted|.*_time|.*_by_.*|location_.*|custom_field_hash|tags)$/.test(key),
  ),
)

describe('a list row of an adjustment', () => {
  it('is read in the shape that was seen', () => {
    expect(mapRecord(stockAdjustment, seen, 'list')).toMatchObject({
      version: Date.parse('2026-07-20T16:32:08Z'),
      columns: { date: '2026-07-20', reason: 'Water damage', status: 'adjusted', total: '1.6' },
    })
  })

  it('is read in the shape that is documented, and says nothing about status and times', () => {
    const mapped = mapRecord(stockAdjustment, documented, 'list')
    expect(mapped).toMatchObject({
      completeness: 'partial',
      version: null,
      createdAt: undefined,
      customFields: undefined,
    })
    expect(mapped.columns).not.toHaveProperty('status')
    expect(mapped.columns).toMatchObject({ date: '2026-07-20', adjustment_type: 'quantity', total: '1.6' })
  })

  it('gives no item, quantity or value: with several lines they are only one of them', () => {
    const other: ExactObject = {
      ...seen,
      item_id: '460122000000101099',
      name: 'Something else',
      quantity_adjusted: new ExactNumber('999'),
      value_adjusted: new ExactNumber('999'),
    }
    expect(mapRecord(stockAdjustment, other, 'list').columns).toEqual(
      mapRecord(stockAdjustment, seen, 'list').columns,
    )
    expect(mapRecord(stockAdjustment, other, 'list').children).toEqual({})
  })
})

describe('a line of an adjustment', () => {
  it.each<[string, Record<string, ExactJson | undefined>, ColumnValues]>([
    ['location_*', {}, { location_zoho_id: '460122000000039001', location_name: 'Harbour main' }],
    [
      'warehouse_*, as older organisations say',
      { location_id: undefined, location_name: undefined, warehouse_id: '7', warehouse_name: 'Old store' },
      { location_zoho_id: '7', location_name: 'Old store' },
    ],
    [
      'both, of which one is blank',
      { location_id: '', location_name: '', warehouse_id: '7', warehouse_name: 'Old store' },
      { location_zoho_id: '7', location_name: 'Old store' },
    ],
    [
      'both, and then the present name counts',
      { warehouse_id: '7', warehouse_name: 'Old store' },
      { location_zoho_id: '460122000000039001', location_name: 'Harbour main' },
    ],
    [
      'neither',
      { location_id: undefined, location_name: undefined },
      { location_zoho_id: null, location_name: null },
    ],
  ])('has its place under %s', (_what, changes, expected) => {
    expect(lineWith(changes)).toMatchObject(expected)
  })

  it('has a value adjusted only where one is sent: no zero is made up, and a zero that is sent stays', () => {
    expect(lineWith({})).toMatchObject({ quantity_adjusted: '-7', value_adjusted: null })
    expect(lineWith({ value_adjusted: '' })).toMatchObject({ value_adjusted: null })
    expect(lineWith({ value_adjusted: new ExactNumber('0') })).toMatchObject({ value_adjusted: '0' })
    expect(
      lineWith({ quantity_adjusted: undefined, value_adjusted: new ExactNumber('-12.50') }),
    ).toMatchObject({
      quantity_adjusted: null,
      value_adjusted: '-12.5',
    })
  })
})

/** The first line of the example with changes laid over it, as it is mapped. */
function lineWith(changes: Readonly<Record<string, ExactJson | undefined>>): ColumnValues | undefined {
  const record = exampleRecord(stockAdjustment, 'detail')
  const [first] = record['line_items'] as ExactObject[]
  const line = Object.fromEntries(
    Object.entries({ ...first, ...changes }).filter(([, value]) => value !== undefined),
  ) as ExactObject
  const detail: ExactObject = { ...record, line_items: [line] }
  return mapRecord(stockAdjustment, detail, 'detail').children['tds_stock_adjustment_lines']?.[0]
}
