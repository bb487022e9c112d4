import { entities } from '../entities/index.ts'
import { invoice } from '../entities/invoice.ts'
import { mapRecord } from '../entities/map-record.ts'
import { priceList } from '../entities/price-list.ts'
import { product } from '../entities/product.ts'
import { ExactNumber, parseExactText, type ExactJson, type ExactObject } from '../json/index.ts'
import { exampleRecord } from '../testing/sync-world.ts'
import { noticeDrift, returnNoticedDrift, takeNoticedDrift } from './notice-drift.ts'

beforeEach(() => {
  takeNoticedDrift()
})

describe.each(entities.map((entity) => [entity.type, entity] as const))(
  'the bodies of %s',
  (_type, entity) => {
    it.each(['detail', 'webhook'] as const)('are known as the example shows them: %s', (shape) => {
      noticeDrift(entity, exampleRecord(entity, shape), shape)
      expect(takeNoticedDrift()).toEqual([])
    })

    it('are known as the example shows them: list', () => {
      noticeDrift(entity, parseExactText(entity.example.listRow).value as ExactObject, 'list')
      expect(takeNoticedDrift()).toEqual([])
    })
  },
)

describe('noticeDrift', () => {
  it('notices a field that neither a mapping nor an example has, with a sample, and counts it', () => {
    const record = exampleRecord(product, 'detail', { shade: 'sand' })
    noticeDrift(product, record, 'detail')
    noticeDrift(product, record, 'detail')
    expect(takeNoticedDrift()).toEqual([
      {
        entity_type: 'product',
        shape: 'detail',
        path: 'shade',
        kind: 'unknown',
        json_type: 'string',
        times: 2,
        sample: '"sand"',
      },
    ])
  })

  it('notices it in a line, too', () => {
    const [line] = exampleRecord(invoice, 'detail')['line_items'] as ExactObject[]
    const lines = [{ ...line, batch_code: new ExactNumber('7') }]
    noticeDrift(invoice, exampleRecord(invoice, 'webhook', { line_items: lines }), 'webhook')
    expect(takeNoticedDrift()).toMatchObject([{ path: 'line_items[].batch_code', sample: '7' }])
  })

  it('notices a mapped field that a detail lacks, and not that a webhook does', () => {
    const lacking = exampleRecord(product, 'detail', { brand: undefined })
    noticeDrift(product, lacking, 'webhook')
    expect(takeNoticedDrift()).toEqual([])
    noticeDrift(product, lacking, 'detail')
    expect(takeNoticedDrift()).toMatchObject([
      { path: 'brand', kind: 'missing', json_type: 'absent', sample: null },
    ])
  })

  it('says nothing of what Zoho leaves out of some records', () => {
    const untracked = { stock_on_hand: undefined, reorder_level: undefined, locations: undefined }
    noticeDrift(product, exampleRecord(product, 'detail', untracked), 'detail')
    noticeDrift(priceList, exampleRecord(priceList, 'detail', { pricing_scheme: undefined }), 'detail')
    expect(takeNoticedDrift()).toEqual([])
  })

  it.each<[string, ExactJson, string]>([
    ['rate', '14.50', 'string'],
    ['sku', new ExactNumber('7'), 'number'],
    ['name', [], 'array'],
  ])('notices a mapped field of another type, readable or not: %s', (path, value, type) => {
    noticeDrift(product, exampleRecord(product, 'detail', { [path]: value }), 'detail')
    expect(takeNoticedDrift()).toMatchObject([{ path, kind: 'retyped', json_type: type }])
  })

  it('is there for bodies that cannot be read, because mapping begins with it', () => {
    expect(() => mapRecord(product, exampleRecord(product, 'detail', { rate: 'None' }), 'detail')).toThrow()
    expect(takeNoticedDrift()).toMatchObject([{ path: 'rate', kind: 'retyped', sample: '"None"' }])
  })

  it("takes a blank for no type, and an organisation's own fields and localised copies for no fields", () => {
    const changes = { rate: '', brand: null, cf_bin_code: 'A', rate_formatted: '14,50' }
    noticeDrift(product, exampleRecord(product, 'detail', changes), 'detail')
    expect(takeNoticedDrift()).toEqual([])
  })

  it('passes a thin hint over', () => {
    const hint = Object.assign(Object.create(null) as ExactObject, { entity: 'item', event: 'x', id: '1' })
    noticeDrift(product, hint, 'webhook')
    expect(takeNoticedDrift()).toEqual([])
  })

  it('holds no more than 500 fields of a type, whatever is sent, and counts the others', () => {
    const junk = Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [`junk ${String(index)}`, 'x'.repeat(50)]),
    )
    noticeDrift(product, exampleRecord(product, 'webhook', junk), 'webhook')
    noticeDrift(invoice, exampleRecord(invoice, 'webhook', { genuine: true }), 'webhook')
    const noticed = takeNoticedDrift()
    expect(noticed).toHaveLength(502)
    expect(noticed.find(({ kind }) => kind === 'overflow')?.times).toBe(9_500)
    expect(noticed).toContainEqual(expect.objectContaining({ entity_type: 'invoice', path: 'genuine' }))
  })

  it('keeps of a path and a sample what Postgres takes and a person reads', () => {
    const key = `a\u0000b${'long '.repeat(100)}`
    noticeDrift(product, exampleRecord(product, 'detail', { [key]: { deep: 'x'.repeat(1000) } }), 'detail')
    const [noticed] = takeNoticedDrift()
    expect(noticed?.path).toHaveLength(200)
    expect(noticed?.path).toMatch(/^a\ufffdb.*…$/)
    expect(noticed?.sample).toHaveLength(200)
  })

  it('gives back what could not be written', () => {
    noticeDrift(product, exampleRecord(product, 'detail', { shade: 'sand' }), 'detail')
    const taken = takeNoticedDrift()
    noticeDrift(product, exampleRecord(product, 'detail', { shade: 'grey' }), 'detail')
    returnNoticedDrift(taken)
    expect(takeNoticedDrift()).toMatchObject([{ path: 'shade', times: 2 }])
  })
})
