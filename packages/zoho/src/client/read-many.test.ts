import { entityOf, ExactNumber, type EntityDefinition } from '@tds/core'
import { readAnswer } from './answer.ts'
import type { AdmittedGet, ZohoQuery } from './client.ts'
import { readMany } from './read-many.ts'

const product = definitionOf('product')
const [first, second, third] = ['573914000000101014', '573914000000101015', '573914000000101016'] as const

describe('readMany', () => {
  it('asks for all with one call and finds each under its id, digit for digit', async () => {
    const zoho = answering(
      200,
      `{"code":0,"items":[{"item_id":"${second}","rate":14.50},{"item_id":${first},"rate":2}]}`,
    )
    const found = await readMany(zoho, { entity: product }, [first, second])
    expect([...found.keys()].sort()).toEqual([first, second])
    expect(found.get(second)?.['rate']).toEqual(new ExactNumber('14.50'))
    expect(zoho.queries).toEqual([
      {
        path: '/inventory/v1/itemdetails',
        query: { item_ids: `${first},${second}`, per_page: '100' },
      },
    ])
  })

  it('leaves out what Zoho leaves out, and what nobody asked for', async () => {
    const zoho = answering(
      200,
      `{"code":0,"items":[{"item_id":"${first}"},{"item_id":"${third}"},{"name":"?"},7]}`,
    )
    expect([...(await readMany(zoho, { entity: product }, [first, second])).keys()]).toEqual([first])
  })

  it('finds nothing where Zoho says that nothing is there, which is no word about any one of them', async () => {
    const zoho = answering(404, '{"code":1002,"message":"Item does not exist."}')
    expect((await readMany(zoho, { entity: product }, [first])).size).toBe(0)
  })

  it.each([
    ['an outage', 500, '{"code":1000}', 'zoho_unavailable', 'retry'],
    ['a rate limit', 429, '{"code":44}', 'zoho_rate_limited', 'retry'],
    ['a path that is not there', 404, '{"code":5,"message":"Invalid URL Passed"}', 'zoho_path', 'reject'],
    ['an answer without the list', 200, '{"code":0,"item":{}}', 'zoho_unexpected_answer', 'dead-letter'],
    ['a page', 200, '<html>', 'zoho_unreadable', 'retry'],
  ])('throws for %s', async (_, status, body, code, disposition) => {
    const reading = readMany(answering(status, body), { entity: product }, [first, second])
    await expect(reading).rejects.toMatchObject({ code, disposition })
  })

  it('refuses more ids than one call takes, and a type without such a call', async () => {
    const zoho = answering(200, '{"code":0,"items":[]}')
    const many = Array.from({ length: 101 }, (_, n) => String(n))
    await expect(readMany(zoho, { entity: product }, many)).rejects.toThrow(RangeError)
    await expect(readMany(zoho, { entity: definitionOf('invoice') }, [first])).rejects.toThrow(RangeError)
    expect(zoho.queries).toEqual([])
  })
})

function answering(status: number, body: string): AdmittedGet & { readonly queries: ZohoQuery[] } {
  const queries: ZohoQuery[] = []
  return {
    queries,
    get: (query) => {
      queries.push(query)
      return Promise.resolve(readAnswer({ status, headers: {}, body: Buffer.from(body) }))
    },
    release: () => Promise.resolve(),
  }
}

function definitionOf(type: string): EntityDefinition {
  const entity = entityOf(type)
  if (entity === undefined) throw new Error(`No entity ${type}.`)
  return entity
}
