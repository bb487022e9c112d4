import fc from 'fast-check'
import {
  delivery,
  keys,
  organizationId,
  sendTo,
  startApiWorld,
  type ApiWorld,
  type TestRequest,
} from '../testing/api-world.ts'
import { requireDescribed } from '../testing/require-described.ts'

const requests = 2000

let world: ApiWorld

beforeAll(async () => {
  world = await startApiWorld()
})
afterAll(async () => {
  await world.stop()
})

describe('the api under hostile requests', () => {
  it('answers every one as described, none with a mistake of its own, and keeps what it has accepted', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const sent = fc.sample(hostileRequest, { seed, numRuns: requests })
    const promised = new Set<string>()
    for (let first = 0; first < sent.length; first += 50) {
      await Promise.all(
        sent.slice(first, first + 50).map(async (request) => {
          const startedAt = performance.now()
          const answer = await sendTo(world.apiUrl, request)
          const told = `seed ${String(seed)}: ${JSON.stringify({ ...request, body: request.body?.toString('latin1').slice(0, 500) })}`
          if (answer.status >= 500) throw new Error(`${String(answer.status)} for ${told}`)
          if (performance.now() - startedAt > 5000) throw new Error(`more than five seconds for ${told}`)
          requireDescribed(request, answer)
          if (answer.status < 300) promised.add(String(answer.body['eventId']))
        }),
      )
    }
    const kept = new Set((await world.rows()).map((row) => row['id']))
    expect([...promised].filter((id) => !kept.has(id))).toEqual([])
    expect(kept.size).toBe(promised.size)
    expect(promised.size).toBeGreaterThan(requests / 10)
  }, 120_000)
})

const path = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('/webhooks/products', '/webhooks/items/updated', '/webhooks/invoices/deleted'),
  },
  fc.constantFrom(
    '/webhooks/products/',
    '/webhooks/nothing',
    '/webhooks//products',
    '/webhooks/products%00',
    '/webhooks/',
  ),
  fc.webPath().map((rest) => `/webhooks${rest}`),
)
const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  fc.constantFrom(
    `?organization_id=${organizationId}`,
    '?organization_id=1&organization_id=2',
    '?',
    '?=',
    '?%',
    '?a=%ff%00',
  ),
  fc.webQueryParameters().map((text) => `?${text}`),
)
const record = fc.record(
  {
    item_id: fc.oneof(
      fc.constantFrom('', '1', '460122000000101014', 'a:b%', '\u0000', '__proto__'),
      fc.string({ unit: 'binary' }),
      fc.jsonValue(),
    ),
    name: fc.string({ unit: 'binary' }),
    rate: fc.oneof(fc.double(), fc.bigInt().map(String), fc.constantFrom('', 'None')),
    last_modified_time: fc.oneof(
      fc.constantFrom(
        '2026-07-21T16:03:55+0100',
        '',
        'infinity',
        '9999-12-31T23:59:59Z',
        '+294277-01-01T00:00:00Z',
        '0000-00-00',
      ),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.jsonValue(),
    ),
    __proto__: fc.jsonValue(),
    constructor: fc.jsonValue(),
  },
  { requiredKeys: [] },
)
const body = fc
  .oneof(
    { weight: 4, arbitrary: record.map((item) => JSON.stringify({ item })) },
    record.map((invoice) => JSON.stringify({ invoice })),
    fc
      .record({
        entity: fc.constantFrom('item', 'product', 'order', ''),
        event: fc.constantFrom('updated', 'deleted', 'eaten'),
        id: fc.jsonValue(),
      })
      .map((thin) => JSON.stringify(thin)),
    fc.json(),
    fc.json().map((text) => text.slice(0, Math.ceil(text.length / 2))),
    record.map((item) => new URLSearchParams({ JSONString: JSON.stringify({ item }) }).toString()),
    fc.constantFrom(
      '',
      '\uFEFF{}',
      '{"item":{"item_id":"1","item_id":"2"}}',
      '{"item":{"item_id":1e400}}',
      '{"item":{"item_id":"\\ud800","name":"\\u0000"}}',
      '['.repeat(5000),
    ),
  )
  .map((text) => Buffer.from(text))
const bytes = fc.oneof(
  { weight: 6, arbitrary: body },
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
)
const headerText = fc.string({
  unit: fc.constantFrom(...Array.from('abcXYZ019 ;=/\\"\'<>{}%,.-_:é')),
  maxLength: 60,
})
const headers = fc.record(
  {
    'content-type': fc.oneof(
      {
        weight: 4,
        arbitrary: fc.constantFrom(
          'application/json',
          'application/json;charset=UTF-8',
          'application/x-www-form-urlencoded',
        ),
      },
      fc.constantFrom('text/plain', 'application/json;charset=utf-16', 'multipart/form-data; boundary=x', ''),
      headerText,
    ),
    'content-encoding': fc.constantFrom('identity', 'gzip', 'br', ''),
    'x-zoho-organization-id': fc.oneof(fc.constant(organizationId), headerText),
    'x-request-id': headerText,
    'x-forwarded-for': headerText,
    'user-agent': headerText,
    cookie: headerText,
  },
  { requiredKeys: ['content-type'] },
)

const hostileRequest: fc.Arbitrary<TestRequest> = fc
  .record({
    path,
    query,
    bytes,
    headers,
    method: fc.oneof(
      { weight: 12, arbitrary: fc.constant('POST') },
      fc.constantFrom('GET', 'PUT', 'DELETE', 'PATCH'),
    ),
    authentication: fc.oneof(
      { weight: 6, arbitrary: fc.constant('signature') },
      { weight: 2, arbitrary: fc.constant('key') },
      fc.constantFrom('none', 'wrong'),
    ),
  })
  .map(({ path: place, query: pairs, bytes: sent, headers: given, method, authentication }) => {
    const signed = delivery(place + pairs, sent, { method, headers: given })
    const { 'x-zoho-webhook-signature': signature, ...unsigned } = signed.headers
    if (authentication === 'signature') return signed
    if (authentication === 'wrong')
      return { ...signed, headers: { ...unsigned, 'x-zoho-webhook-signature': String(signature).slice(1) } }
    return {
      ...signed,
      headers: authentication === 'key' ? { ...unsigned, 'x-webhook-key': keys[1] } : unsigned,
    }
  })
