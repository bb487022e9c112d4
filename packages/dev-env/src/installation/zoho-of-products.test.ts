import { entityOf, isExactObject, mapRecord, parseExactText } from '@tds/core'

import { startZohoOfProducts, type ZohoOfProducts } from './zoho-of-products.ts'

describe('a Zoho of products', () => {
  let zoho: ZohoOfProducts

  beforeAll(async () => {
    zoho = await startZohoOfProducts(401)
  })

  afterAll(() => zoho.stop())

  it('holds as many as wanted, each once, and each is a complete record', () => {
    const product = entityOf('product')
    if (product === undefined) throw new RangeError('no products')
    const mapped = [...zoho.details()].map((text) => {
      const { value } = parseExactText(text)
      if (!isExactObject(value)) throw new RangeError('a detail is no object')
      return { id: value['item_id'], completeness: mapRecord(product, value, 'detail').completeness }
    })
    expect(new Set(mapped.map(({ id }) => id)).size).toBe(401)
    expect(new Set(mapped.map(({ completeness }) => completeness))).toEqual(new Set(['complete']))
  })

  it('answers every page of its list, and counts the calls', async () => {
    expect(zoho.pages).toBe(3)
    for (let page = 1; page <= zoho.pages; page += 1) expect(await zoho.readPage(page)).toBeGreaterThan(0)
    expect(zoho.calls()).toBe(3)
  })
})
