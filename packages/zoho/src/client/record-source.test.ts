import { randomBytes } from 'node:crypto'
import { entityOf, ExactNumber, type EntityDefinition, type RecordAnswer } from '@tds/core'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { httpClient, TdsError } from '@tds/runtime'
import { manualClock } from '@tds/runtime/testing'
import { gatesInRow } from '../calls/gate.ts'
import {
  refusedToken as expired,
  startZohoDouble,
  throttledBody as throttled,
} from '../testing/zoho-double.ts'
import { zohoClient } from './client.ts'
import { zohoHosts } from './hosts.ts'
import { zohoRecordSource } from './record-source.ts'
import { tokenSource } from './token.ts'

const id = '573914000000101014'
const product = definitionOf('product')
const invoice = definitionOf('invoice')
const good = { status: 200, body: `{"code":0,"message":"success","item":{"item_id":"${id}","rate":14.50}}` }

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(async () => {
  await database.drop()
})

describe('zohoRecordSource', () => {
  it("reads the record under its type's root, path and wrapper, digit for digit", async () => {
    const zoho = await startZoho()
    zoho.answers.push(good, { status: 200, body: `{"code":0,"invoice":{"invoice_id":${id}}}` })
    const { record } = await found(zoho.read())
    expect(record['rate']).toEqual(new ExactNumber('14.50'))
    await found(zoho.read(invoice))
    expect(zoho.calls).toEqual([
      {
        url: `/inventory/v1/items/${id}?organization_id=790412365`,
        authorization: 'Zoho-oauthtoken 1000.token.1',
      },
      {
        url: `/books/v3/invoices/${id}?organization_id=790412365`,
        authorization: 'Zoho-oauthtoken 1000.token.1',
      },
    ])
  })

  it('escapes what it puts into the address', async () => {
    const zoho = await startZoho()
    zoho.answers.push({ status: 404, body: '{"code":1002,"message":"Item does not exist."}' })
    await zoho.read(product, '../contacts?x=1')
    expect(zoho.calls[0]?.url).toBe('/inventory/v1/items/..%2Fcontacts%3Fx%3D1?organization_id=790412365')
  })

  it('reads an answer with more keys than a delivery may have', async () => {
    const zoho = await startZoho()
    const rows = Array.from({ length: 3000 }, () => '{"a":1,"b":2,"c":3,"d":4}').join(',')
    zoho.answers.push({
      status: 200,
      body: `{"code":0,"item":{"item_id":"${id}","pricebook_items":[${rows}]}}`,
    })
    expect((await found(zoho.read())).record['pricebook_items']).toHaveLength(3000)
  })

  it('stops when it is told to', async () => {
    const zoho = await startZoho()
    const stop = new AbortController()
    const reading = zoho.read(product, id, stop.signal)
    stop.abort()
    await expect(reading).rejects.toMatchObject({ code: 'transport', disposition: 'retry' })
  })
})

describe('zohoRecordSource on what is not there', () => {
  it.each([
    ['404 with 1002', 404, '{"code":1002,"message":"Item does not exist."}'],
    [
      "404 with 5 and the record's message",
      404,
      '{"code":5,"message":"We couldnt find any resource for the given ID."}',
    ],
  ])('says so for %s', async (_, status, body) => {
    const zoho = await startZoho()
    zoho.answers.push({ status, body })
    expect(await zoho.read()).toEqual({ kind: 'not-there' })
  })

  it.each([
    ['an unknown path', 404, '{"code":5,"message":"Invalid URL Passed"}', 'zoho_path'],
    [
      'a record hidden from our user',
      404,
      '{"code":1002,"message":"Item is not accessible."}',
      'zoho_not_accessible',
    ],
    ['1002 without a 404', 400, '{"code":1002,"message":"Item does not exist."}', 'zoho_refused'],
    [
      '5 without a 404',
      400,
      '{"code":5,"message":"We couldnt find any resource for the given ID."}',
      'zoho_path',
    ],
    ['a 404 with another code', 404, '{"code":4,"message":"?"}', 'zoho_refused'],
    ['a 404 with JSON of somebody else', 404, '{"detail":"Not Found"}', 'zoho_refused'],
  ])('does not take %s for it', async (_, status, body, code) => {
    const zoho = await startZoho()
    zoho.answers.push({ status, body })
    const disposition = code === 'zoho_path' ? 'reject' : 'dead-letter'
    expect(await faultOf(zoho.read())).toMatchObject({ code, disposition })
  })

  it.each([
    ['a 404 page of a proxy', 404, '<html>Not Found</html>'],
    ['an empty 404', 404, ''],
  ])('takes %s for a fault of the way', async (_, status, body) => {
    const zoho = await startZoho()
    zoho.answers.push({ status, body })
    expect(await faultOf(zoho.read())).toMatchObject({ code: 'zoho_unreadable', disposition: 'retry' })
  })
})

describe('zohoRecordSource on faults', () => {
  it.each([
    ['per-minute block', 429, '{"code":44,"message":"blocked"}', 'zoho_rate_limited', 60_000],
    ['too many in flight', 429, '{"code":1070,"message":"Kindly try again"}', 'zoho_rate_limited', 5_000],
    ['short block', 400, '{"code":43,"message":"?"}', 'zoho_rate_limited', 300_000],
    ['rate code with another status', 200, '{"code":44,"message":"blocked"}', 'zoho_rate_limited', 60_000],
    ['429 without a code', 429, '<html>slow down</html>', 'zoho_rate_limited', 60_000],
    [
      'day quota',
      429,
      '{"code":45,"message":"exceeded the maximum call rate limit of 1,000."}',
      'zoho_quota_exhausted',
      37_301_000,
    ],
    ['internal error', 500, '{"code":1000,"message":"Internal Error"}', 'zoho_unavailable', undefined],
    [
      'internal error with another status',
      200,
      '{"code":1000,"message":"Internal Error"}',
      'zoho_unavailable',
      undefined,
    ],
    ['HTML on 503', 503, '<html>busy</html>', 'zoho_unavailable', undefined],
    ['HTML on 200', 200, '<html>welcome</html>', 'zoho_unreadable', undefined],
    ['an empty 200', 200, '', 'zoho_unreadable', undefined],
    ['a 200 cut off', 200, good.body.slice(0, -2), 'zoho_unreadable', undefined],
    ['a redirect', 302, '', 'zoho_unreadable', undefined],
  ])('asks for a retry: %s', async (_, status, body, code, retryAfterMs) => {
    const zoho = await startZoho()
    zoho.answers.push({ status, body, headers: { 'X-Rate-Limit-Reset': '37301' } })
    const fault = await faultOf(zoho.read())
    expect(fault).toMatchObject({ code, disposition: 'retry' })
    expect(fault.facts['retryAfterMs']).toBe(retryAfterMs)
    expect(fault.nextStep).not.toBe('')
  })

  it('honours Retry-After where Zoho sends it', async () => {
    const zoho = await startZoho()
    zoho.answers.push({ status: 429, body: '{"code":44}', headers: { 'Retry-After': '7' } })
    expect((await faultOf(zoho.read())).facts['retryAfterMs']).toBe(7_000)
  })

  it('asks for a retry when the connection breaks', async () => {
    const zoho = await startZoho()
    zoho.answers.push('reset')
    expect(await faultOf(zoho.read())).toMatchObject({ code: 'transport', disposition: 'retry' })
  })

  it.each([
    ['a bad parameter', 400, '{"code":2,"message":"Invalid value passed for page"}', 'zoho_refused'],
    ['a business rule', 400, '{"code":1001,"message":"?"}', 'zoho_refused'],
    [
      'a wrong organisation, named',
      400,
      '{"code":2,"message":"Invalid value passed for organization_id"}',
      'zoho_organization',
    ],
    [
      'a number out of range',
      200,
      `{"code":0,"item":{"item_id":"${id}","rate":1e400}}`,
      'zoho_unsupported_answer',
    ],
    [
      'a repeated key',
      200,
      `{"code":0,"item":{"item_id":"${id}","rate":1,"rate":2}}`,
      'zoho_unsupported_answer',
    ],
    ['another wrapper', 200, '{"code":0,"items":[]}', 'zoho_unexpected_answer'],
    ['a wrapper that is no object', 200, '{"code":0,"item":[]}', 'zoho_unexpected_answer'],
    ['another record', 200, '{"code":0,"item":{"item_id":"1"}}', 'zoho_unexpected_answer'],
    ['a record without its id', 200, '{"code":0,"item":{"name":"Tote"}}', 'zoho_unexpected_answer'],
  ])('does not ask again for: %s', async (_, status, body, code) => {
    const zoho = await startZoho()
    zoho.answers.push({ status, body })
    const fault = await faultOf(zoho.read())
    expect(fault).toMatchObject({
      code,
      // A wrong organisation is the same for every record: events wait until somebody has set it right.
      disposition: code === 'zoho_organization' ? 'reject' : 'dead-letter',
      facts: { entity: 'product', zohoId: id },
    })
    expect(fault.nextStep).not.toBe('')
  })

  it('names the keys of an answer without the expected wrapper', async () => {
    const zoho = await startZoho()
    zoho.answers.push({ status: 200, body: '{"code":0,"contact":{}}' })
    const fault = await faultOf(zoho.read())
    expect(fault.message).toContain('"item"')
    expect(fault.facts['keys']).toEqual(['"code"', '"contact"'])
  })
})

describe('zohoRecordSource and its token', () => {
  it('mints one token for parallel reads, in the body of the request', async () => {
    const zoho = await startZoho()
    zoho.otherwise = good
    await Promise.all(Array.from({ length: 20 }, () => zoho.read()))
    expect(zoho.tokenRequests).toEqual([
      'refresh_token=1000.refresh&client_id=1000.CLIENT&client_secret=hunter2&grant_type=refresh_token',
    ])
  })

  it('renews the token five minutes before it expires', async () => {
    const zoho = await startZoho()
    zoho.otherwise = good
    await zoho.read()
    await zoho.later(55 * 60_000 - 1)
    await zoho.read()
    expect(zoho.tokenRequests).toHaveLength(1)
    await zoho.later(1)
    await zoho.read()
    expect(zoho.calls.at(-1)?.authorization).toBe('Zoho-oauthtoken 1000.token.2')
  })

  it('takes the seconds where an older answer gives milliseconds beside them', async () => {
    const zoho = await startZoho()
    zoho.otherwise = good
    zoho.tokenAnswers.push({
      status: 200,
      body: '{"access_token":"t","expires_in":3600000,"expires_in_sec":3600}',
    })
    await zoho.read()
    await zoho.later(3600_000)
    await zoho.read()
    expect(zoho.tokenRequests).toHaveLength(2)
  })

  it('does not mint at every call when tokens live shortly', async () => {
    const zoho = await startZoho()
    zoho.otherwise = good
    zoho.tokenAnswers.push({ status: 200, body: '{"access_token":"t","expires_in":60}' })
    await zoho.read()
    await zoho.later(29_000)
    await zoho.read()
    expect(zoho.tokenRequests).toHaveLength(1)
  })

  it.each([
    ['401 with 57', expired],
    ['401 with 14', { status: 401, body: '{"code":14,"message":"Invalid value passed for authtoken."}' }],
    ['57 with status 200', { ...expired, status: 200 }],
    ['401 with a page', { status: 401, body: '<html>' }],
  ])('renews once and asks once more: %s', async (_, refusal) => {
    const zoho = await startZoho()
    zoho.answers.push(refusal, good)
    await found(zoho.read())
    expect(zoho.calls.map((call) => call.authorization)).toEqual([
      'Zoho-oauthtoken 1000.token.1',
      'Zoho-oauthtoken 1000.token.2',
    ])
  })

  it('renews once for all who were refused together', async () => {
    const zoho = await startZoho()
    zoho.otherwise = good
    await zoho.read()
    zoho.refuse('1000.token.1')
    await Promise.all(Array.from({ length: 8 }, () => zoho.read()))
    expect(zoho.tokenRequests).toHaveLength(2)
  })

  it('gives up when a fresh token is refused, and neither mints nor asks for it within five minutes', async () => {
    const zoho = await startZoho()
    zoho.otherwise = expired
    for (let time = 0; time < 5; time += 1) {
      expect(await faultOf(zoho.read())).toMatchObject({
        code: 'zoho_permission',
        disposition: 'reject',
        facts: { retryAfterMs: 300_000, entity: 'product' },
      })
    }
    expect(zoho.tokenRequests).toHaveLength(2)
    expect(zoho.calls).toHaveLength(2)
    await zoho.later(5 * 60_000)
    await faultOf(zoho.read())
    expect(zoho.tokenRequests).toHaveLength(3)
  })

  it('keeps on reading the other types when one is refused, and mints nothing for its sake', async () => {
    const zoho = await startZoho()
    zoho.answers.push(good, expired, expired)
    await found(zoho.read())
    expect(await faultOf(zoho.read(invoice))).toMatchObject({ code: 'zoho_permission' })
    zoho.otherwise = good
    await found(zoho.read())
    expect(zoho.tokenRequests).toHaveLength(2)
    for (let hour = 0; hour < 3; hour += 1) {
      await zoho.later(20 * 60_000)
      zoho.answers.push(good, expired)
      await found(zoho.read())
      await faultOf(zoho.read(invoice))
      await faultOf(zoho.read(invoice))
    }
    // One for the hour that has passed, none for the type refused.
    expect(zoho.tokenRequests).toHaveLength(3)
  })

  it('reads a type again as soon as Zoho allows it, five minutes later at most', async () => {
    const zoho = await startZoho()
    zoho.answers.push(expired, expired)
    await faultOf(zoho.read())
    zoho.otherwise = good
    await zoho.later(5 * 60_000)
    expect(await zoho.read()).toMatchObject({ kind: 'found' })
    expect(await zoho.read()).toMatchObject({ kind: 'found' })
  })

  it('names the organisation when a fresh token is refused with status 400', async () => {
    const zoho = await startZoho()
    zoho.otherwise = { ...expired, status: 400 }
    expect(await faultOf(zoho.read())).toMatchObject({
      code: 'zoho_organization',
      disposition: 'reject',
    })
  })

  it.each(['invalid_code', 'invalid_client', 'invalid_client_secret'])(
    'gives up on %s, which comes with status 200, and stops asking for five minutes',
    async (error) => {
      const zoho = await startZoho()
      zoho.tokenAnswers.push({ status: 200, body: `{"error":"${error}"}` })
      for (let time = 0; time < 3; time += 1) {
        expect(await faultOf(zoho.read())).toMatchObject({ code: 'zoho_auth', disposition: 'reject' })
      }
      expect(zoho.tokenRequests).toHaveLength(1)
      zoho.otherwise = good
      await zoho.later(5 * 60_000)
      await found(zoho.read())
    },
  )

  it.each([200, 400])(
    'waits five minutes when tokens are throttled (status %i), and does not call it bad credentials',
    async (status) => {
      const zoho = await startZoho()
      zoho.tokenAnswers.push({ status, body: throttled })
      for (let time = 0; time < 3; time += 1) {
        const fault = await faultOf(zoho.read())
        expect(fault).toMatchObject({ code: 'zoho_token_throttled', disposition: 'retry' })
        expect(fault.facts['retryAfterMs']).toBeGreaterThan(290_000)
      }
      expect(zoho.tokenRequests).toHaveLength(1)
    },
  )

  it.each([
    ['general_error', 400, '{"error":"general_error"}', 'zoho_token_unavailable'],
    ['an unknown error', 200, '{"error":"?"}', 'zoho_token_unavailable'],
    ['a page on 503', 503, '<html>', 'zoho_token_unavailable'],
    ['a page on 200', 200, '<html>', 'zoho_unreadable'],
    ['an answer without a token', 200, '{}', 'zoho_unreadable'],
    ['a token that no header can hold', 200, '{"access_token":"a\\r\\nX-Evil: 1"}', 'zoho_unreadable'],
  ])(
    'asks for a retry when the token endpoint gives %s, and asks again soon',
    async (_, status, body, code) => {
      const zoho = await startZoho()
      zoho.otherwise = good
      zoho.tokenAnswers.push({ status, body })
      expect(await faultOf(zoho.read())).toMatchObject({ code, disposition: 'retry' })
      await zoho.later(2_000)
      await found(zoho.read())
    },
  )

  it('keeps to the configured host when the token names another', async () => {
    const zoho = await startZoho()
    zoho.otherwise = good
    zoho.tokenAnswers.push({
      status: 200,
      body: '{"access_token":"t","api_domain":"https://elsewhere.invalid","expires_in":3600}',
    })
    await found(zoho.read())
    expect(zoho.calls).toHaveLength(1)
  })

  it('puts no secret into an error', async () => {
    const zoho = await startZoho()
    zoho.otherwise = expired
    const faults = [await faultOf(zoho.read())]
    zoho.tokenAnswers.push({ status: 200, body: '{"error":"invalid_code"}' })
    await zoho.later(3600_000)
    faults.push(await faultOf(zoho.read()))
    for (const { message, nextStep, facts, stack } of faults) {
      expect(JSON.stringify({ message, nextStep, facts, stack })).not.toMatch(
        /hunter2|1000\.(refresh|token|CLIENT)/,
      )
    }
  })
})

describe('zohoHosts', () => {
  it('knows that the accounts host of Canada breaks the pattern', () => {
    expect(zohoHosts('ca')).toEqual({
      accountsUrl: 'https://accounts.zohocloud.ca',
      apiUrl: 'https://www.zohoapis.ca',
    })
    expect(zohoHosts('us')).toEqual({
      accountsUrl: 'https://accounts.zoho.com',
      apiUrl: 'https://www.zohoapis.com',
    })
  })
})

/** A double of Zoho and a source that reads from it, with a token of its own in the database. */
async function startZoho() {
  const double = await startZohoDouble()
  const clock = manualClock()
  const apiUrl = `${double.url}/`
  const http = httpClient({ name: 'zoho-test', timeoutMs: 5_000, maxBytes: 1_000_000 })
  const tokens = tokenSource({
    accountsUrl: double.url,
    apiUrl,
    clientId: '1000.CLIENT',
    clientSecret: 'hunter2',
    refreshToken: '1000.refresh',
    db: database.db,
    keys: [randomBytes(32)],
    clock,
  })
  const source = zohoRecordSource(zohoClient({ apiUrl, http, tokens, gate: gatesInRow([]), clock }))
  return Object.assign(double, {
    read: async (entity = product, zohoId = id, signal = new AbortController().signal) => {
      const call = await source.admit({ organizationId: '790412365', entity, lane: 'reread', signal })
      return call.read(zohoId)
    },
    /** Time goes by, here and in the database. */
    later: async (ms: number) => {
      await clock.advance(ms)
      await database.db.query(
        `UPDATE tds_zoho_tokens
            SET minted_at = minted_at - $1::int * interval '1 ms', renew_at = renew_at - $1::int * interval '1 ms',
                expires_at = expires_at - $1::int * interval '1 ms', blocked_until = blocked_until - $1::int * interval '1 ms'`,
        [ms],
      )
    },
  })
}

async function found(reading: Promise<RecordAnswer>): Promise<Extract<RecordAnswer, { kind: 'found' }>> {
  const answer = await reading
  if (answer.kind !== 'found') throw new Error('Not there.')
  return answer
}

async function faultOf(reading: Promise<RecordAnswer>): Promise<TdsError> {
  try {
    await reading
  } catch (error) {
    if (error instanceof TdsError) return error
    throw error
  }
  throw new Error('The read succeeded.')
}

function definitionOf(type: string): EntityDefinition {
  const entity = entityOf(type)
  if (entity === undefined) throw new Error(`No entity ${type}.`)
  return entity
}
