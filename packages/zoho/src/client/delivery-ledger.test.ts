import { ledgerUnavailable } from '@tds/core'
import { readAnswer } from './answer.ts'
import type { ZohoClient, ZohoQuery } from './client.ts'
import { zohoDeliveryLedger } from './delivery-ledger.ts'

const row = {
  history_id: '460320000090000001',
  entity: 'invoice',
  entity_id: '573914000000200001',
  status: 'failure',
  last_execution_time: '2026-11-02T09:00:01+0100',
}

describe('the ledger of failed webhooks', () => {
  it('asks for the failed ones of a page, once, in the lane of repairs', async () => {
    const zoho = answering(200, pageOf([row]))
    expect(await readPage(zoho)).toEqual({
      failures: [
        {
          id: '460320000090000001',
          module: 'invoice',
          entityType: 'invoice',
          zohoId: '573914000000200001',
          failedAt: Date.UTC(2026, 10, 2, 8, 0, 1) * 1000,
        },
      ],
      unreadable: 0,
      hasMore: false,
    })
    expect(zoho.wishes).toEqual(['repair webhook_ledger'])
    expect(zoho.queries).toEqual([
      {
        path: '/books/v3/settings/webhooks/histories',
        query: { filter_by: 'Status.Failed', page: '2', per_page: '200' },
      },
    ])
  })

  it.each([
    ['item', 'product'],
    ['items', 'product'],
    ['contact', 'customer'],
    ['inventory_adjustment', 'stock_adjustment'],
    ['creditnote', 'credit_note'],
    ['salesorder', null],
  ])('takes the word %s for %s', async (entity, entityType) => {
    const { failures } = await readPage(answering(200, pageOf([{ ...row, entity }])))
    expect(failures).toMatchObject([{ entityType }])
  })

  it('reads ids that are numbers digit for digit', async () => {
    const body = pageOf([row]).replaceAll('"573914000000200001"', '573914000000200001')
    expect((await readPage(answering(200, body))).failures).toMatchObject([{ zohoId: '573914000000200001' }])
  })

  it.each([
    ['no id', { history_id: '' }],
    ['no record', { entity_id: null }],
    ['no kind', { entity: 7.5, entity_id: '' }],
    ['no time', { last_execution_time: '' }],
    ['an odd time', { last_execution_time: 'yesterday' }],
  ])('counts a row with %s and reads the others', async (_, changes) => {
    expect(await readPage(answering(200, pageOf([{ ...row, ...changes }, row])))).toMatchObject({
      failures: [{ id: row.history_id }],
      unreadable: 1,
    })
  })

  it.each([
    ['no such address', 404, '{"code":5,"message":"Invalid URL Passed"}'],
    ['a 404 about a record', 404, '{"code":1002,"message":"Webhook History does not exist."}'],
    ['a missing scope', 401, '{"code":57,"message":"You are not authorized to perform this operation"}'],
    ['a refused filter', 400, '{"code":2,"message":"Invalid value passed for filter_by"}'],
    ['another shape', 200, '{"code":0,"message":"success","histories":[]}'],
    ['no word of more', 200, '{"code":0,"message":"success","webhook_histories":[]}'],
  ])('says of %s that there is no such list for us', async (_, status, body) => {
    await expect(readPage(answering(status, body))).rejects.toMatchObject({
      code: ledgerUnavailable,
      disposition: 'reject',
    })
  })

  it.each([
    ['an outage', 500, '{"code":1000,"message":"Internal error"}', 'zoho_unavailable'],
    ['a page of a proxy', 200, '<html>', 'zoho_unreadable'],
    ['the end of the quota', 429, '{"code":45,"message":"exceeded"}', 'zoho_quota_exhausted'],
    ['a wrong organisation', 400, '{"code":57,"message":"You are not authorized"}', 'zoho_organization'],
  ])('says of %s what it is', async (_, status, body, code) => {
    await expect(readPage(answering(status, body))).rejects.toMatchObject({ code })
  })
})

function pageOf(rows: readonly object[]): string {
  return JSON.stringify({
    code: 0,
    message: 'success',
    webhook_histories: rows,
    page_context: { has_more_page: false },
  })
}

function readPage(client: ZohoClient) {
  const signal = new AbortController().signal
  return zohoDeliveryLedger(client).readPage({ organizationId: '1', page: 2, perPage: 200, signal })
}

/** A client that answers everything with this, and keeps what it was asked. */
function answering(
  status: number,
  body: string,
): ZohoClient & { readonly queries: ZohoQuery[]; readonly wishes: string[] } {
  const queries: ZohoQuery[] = []
  const wishes: string[] = []
  return {
    queries,
    wishes,
    admit: ({ lane, purpose }) => {
      wishes.push(`${lane} ${purpose}`)
      return Promise.resolve({
        get: (query) => {
          queries.push(query)
          return Promise.resolve(readAnswer({ status, headers: {}, body: Buffer.from(body) }))
        },
        release: () => Promise.resolve(),
      })
    },
  }
}
