import { exampleRecord } from '../testing/sync-world.ts'
import { mapRecord } from './map-record.ts'
import { product } from './product.ts'

const withoutStock = {
  stock_on_hand: undefined,
  available_stock: undefined,
  actual_available_stock: undefined,
  reorder_level: undefined,
  locations: undefined,
  warehouses: undefined,
}

describe('an item', () => {
  it('that says it is not tracked is whole without the keys of stock: they are blank, and lie nowhere', () => {
    const body = exampleRecord(product, 'detail', { ...withoutStock, track_inventory: false })
    const mapped = mapRecord(product, body, 'webhook')
    expect(mapped.completeness).toBe('complete')
    expect(mapped.columns).toMatchObject({ stock_on_hand: null, reorder_level: null })
    expect(mapped.children).toEqual({ tds_product_stock: [] })
  })

  it.each([
    ['is tracked', true],
    ['does not say', undefined],
  ])('that %s is partial without them, and nothing is said of its stock', (_, tracked) => {
    const body = exampleRecord(product, 'detail', { ...withoutStock, track_inventory: tracked })
    const mapped = mapRecord(product, body, 'webhook')
    expect(mapped.completeness).toBe('partial')
    expect(mapped.columns).not.toHaveProperty('stock_on_hand')
    expect(mapped.children).toEqual({})
  })

  it('that is not tracked is partial all the same without a key that every item has', () => {
    const body = exampleRecord(product, 'detail', {
      ...withoutStock,
      track_inventory: false,
      brand: undefined,
    })
    const mapped = mapRecord(product, body, 'webhook')
    expect(mapped.completeness).toBe('partial')
    expect(mapped.columns).not.toHaveProperty('brand')
  })
})
