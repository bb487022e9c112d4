import { entities, entityOf, ExactNumber, type EntityDefinition } from '@tds/core'
import { readAnswer } from './answer.ts'
import { pageQuery, readListPage } from './list-page.ts'

const product = definitionOf('product')
const firstPage = { page: 1, perPage: 200, modifiedSince: null }

describe('pageQuery', () => {
  it('asks for inactive records too, in the order of their making', () => {
    expect(pageQuery(product, firstPage)).toEqual({
      path: '/inventory/v1/items',
      query: {
        page: '1',
        per_page: '200',
        filter_by: 'Status.All',
        sort_column: 'created_time',
        sort_order: 'A',
      },
    })
  })

  it('names a time in whole seconds, rounded down, with an offset without a colon', () => {
    const modifiedSince = Date.parse('2026-07-21T15:03:55.987Z') * 1000
    expect(pageQuery(product, { ...firstPage, modifiedSince }).query).toMatchObject({
      last_modified_time: '2026-07-21T15:03:55+0000',
    })
  })

  it('leaves out what the list of a type does not know', () => {
    const { query } = pageQuery(definitionOf('stock_adjustment'), { ...firstPage, page: 3 })
    expect(query).toEqual({ page: '3', per_page: '200' })
  })
})

describe('readListPage', () => {
  it.each(entities.map((entity) => [entity.type, entity] as const))(
    'reads the rows of %s under their key, digit for digit',
    (_, entity) => {
      const { listKey, id } = entity.source
      const body = `{"code":0,"${listKey}":[{"${id}":5739140000001010141,"total":14.50}],"page_context":{"has_more_page":true}}`
      const { rows, hasMore } = readListPage(answerOf(200, body), entity)
      expect(hasMore).toBe(true)
      expect(rows.map((row) => ({ ...row }))).toEqual([
        { [id]: new ExactNumber('5739140000001010141'), total: new ExactNumber('14.50') },
      ])
    },
  )

  it('reads page_context also as an array of one, as a document of Zoho shows it', () => {
    const body = '{"code":0,"items":[],"page_context":[{"has_more_page":false}]}'
    expect(readListPage(answerOf(200, body), product)).toEqual({ rows: [], hasMore: false })
  })

  it.each([
    ['no list', 200, '{"code":0,"page_context":{"has_more_page":false}}', 'zoho_unexpected_answer'],
    ['an object in its place', 200, '{"code":0,"items":{},"page_context":{}}', 'zoho_unexpected_answer'],
    [
      'a row that is no object',
      200,
      '{"code":0,"items":[1],"page_context":{"has_more_page":false}}',
      'zoho_unexpected_answer',
    ],
    ['no page_context', 200, '{"code":0,"items":[]}', 'zoho_unexpected_answer'],
    [
      'has_more_page as text',
      200,
      '{"code":0,"items":[],"page_context":{"has_more_page":"false"}}',
      'zoho_unexpected_answer',
    ],
    ['a record that is not there', 404, '{"code":1002,"message":"Item does not exist."}', 'zoho_path'],
    ['an outage', 500, '{"code":1000}', 'zoho_unavailable'],
    ['a page for people', 200, '<html>', 'zoho_unreadable'],
  ])('throws for %s', (_, status, body, code) => {
    expect(() => readListPage(answerOf(status, body), product)).toThrow(expect.objectContaining({ code }))
  })
})

function answerOf(status: number, body: string) {
  return readAnswer({ status, headers: {}, body: Buffer.from(body) })
}

function definitionOf(type: string): EntityDefinition {
  const entity = entityOf(type)
  if (entity === undefined) throw new RangeError(`no type ${type}`)
  return entity
}
