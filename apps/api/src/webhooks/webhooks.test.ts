import { entities } from '@tds/core'
import { foldDuplicateTallies } from '@tds/db'
import { keys, organizationId, secrets, sign, startApiWorld, type ApiWorld } from '../testing/api-world.ts'

let world: ApiWorld

beforeAll(async () => {
  world = await startApiWorld()
})
beforeEach(async () => {
  await world.clear()
})
afterAll(async () => {
  await world.stop()
})

const item = {
  item_id: '460122000000101014',
  name: 'Linen pouch',
  last_modified_time: '2026-07-21T16:03:55+0100',
}
const body = JSON.stringify({ item })

describe('a webhook', () => {
  it('is accepted after its row and its job are there', async () => {
    const answer = await world.deliver('/webhooks/products', body)
    expect(answer).toMatchObject({ status: 202, body: { eventId: expect.any(String), status: 'accepted' } })
    const { eventId } = answer.body
    expect(await world.rows()).toEqual([
      expect.objectContaining({
        id: eventId,
        organization_id: organizationId,
        source_type: 'zoho',
        entity_type: 'product',
        source_entity_id: item.item_id,
        operation_type: 'upsert',
        source_version: '2026-07-21 15:03:55+00',
        raw_body: Buffer.from(body),
        remote_address: '127.0.0.1',
        signature_verified: true,
        status: 'pending',
        request_id: answer.headers['x-request-id'],
      }),
    ])
    expect(await world.eventsInJobs()).toEqual([eventId])
  })

  it('is there under every name of every type, with and without an action', async () => {
    const operations = {
      '': 'upsert',
      '/created': 'create',
      '/updated': 'update',
      '/deleted': 'delete',
    } as const
    for (const entity of entities) {
      const { wrapper, id } = entity.source
      const record = {
        [wrapper]: { [id]: '460122000000000001', last_modified_time: '2026-07-21T16:03:55+0100' },
      }
      for (const resource of [entity.resource, ...entity.aliases]) {
        for (const action of ['', '/created', '/updated', '/deleted'] as const) {
          await world.clear()
          const answer = await world.deliver(`/webhooks/${resource}${action}`, JSON.stringify(record))
          expect(answer).toMatchObject({ status: 202, body: { status: 'accepted' } })
          expect(await world.rows()).toEqual([
            expect.objectContaining({ entity_type: entity.type, operation_type: operations[action] }),
          ])
        }
      }
    }
  })

  it('takes the same record as JSON and as a form for the same thing', async () => {
    const json = await world.deliver('/webhooks/products/updated', body)
    const form = await world.deliver(
      '/webhooks/products/updated',
      new URLSearchParams({ JSONString: body }).toString(),
      {
        headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
      },
    )
    expect(form).toMatchObject({ status: 200, body: { eventId: json.body['eventId'], status: 'duplicate' } })
  })

  it('takes a thin body, and folds the next one into it while it waits', async () => {
    const thin = JSON.stringify({ entity: 'item', event: 'deleted', id: item.item_id })
    const first = await world.deliver('/webhooks/products', thin)
    const second = await world.deliver('/webhooks/products', thin)
    expect(first).toMatchObject({ status: 202, body: { status: 'accepted' } })
    expect(second).toMatchObject({
      status: 200,
      body: { eventId: first.body['eventId'], status: 'duplicate' },
    })
    expect(await world.rows()).toEqual([
      expect.objectContaining({ operation_type: 'delete', duplicate_count: 1 }),
    ])
    await world.db.query('UPDATE tds_inbox_events SET foldable = false')
    const third = await world.deliver('/webhooks/products', thin)
    expect(third).toMatchObject({ status: 202, body: { status: 'accepted' } })
    expect(third.body['eventId']).not.toBe(first.body['eventId'])
  })

  it('is one row when it comes fifty times at once: one accepted, forty-nine duplicates, all with one id', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, async () => world.deliver('/webhooks/items', body)),
    )
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(49)
    expect(new Set(answers.map((answer) => answer.body['eventId'])).size).toBe(1)
    await foldDuplicateTallies(world.db, 100)
    expect(await world.rows()).toEqual([expect.objectContaining({ duplicate_count: 49 })])
    expect(await world.eventsInJobs()).toHaveLength(1)
  })

  it('is new again when the record is newer', async () => {
    await world.deliver('/webhooks/products', body)
    const newer = JSON.stringify({ item: { ...item, last_modified_time: '2026-07-21T16:03:56+0100' } })
    expect(await world.deliver('/webhooks/products', newer)).toMatchObject({
      status: 202,
      body: { status: 'accepted' },
    })
    expect(await world.rows()).toHaveLength(2)
  })

  it('is judged by the clock of the database when its version lies in the future', async () => {
    const ahead = (hours: number): string =>
      JSON.stringify({
        item: { ...item, last_modified_time: new Date(Date.now() + hours * 3_600_000).toISOString() },
      })
    expect(await world.deliver('/webhooks/products', ahead(23))).toMatchObject({
      body: { status: 'accepted' },
    })
    expect(await world.deliver('/webhooks/products', ahead(25))).toMatchObject({
      status: 202,
      body: { status: 'quarantined', reason: 'future' },
    })
  })
})

describe('a webhook with another method, path or size', () => {
  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'])(
    'answers %s with 405 and says what is allowed',
    async (method) => {
      for (const path of ['/webhooks/products', '/webhooks/nothing']) {
        const answer = await world.deliver(path, method === 'PUT' ? body : '', { method })
        expect(answer).toMatchObject({ status: 405, headers: { allow: 'POST' } })
      }
      expect(await world.rows()).toEqual([])
    },
  )

  it.each([
    '/webhooks/',
    '/webhooks/orders',
    '/webhooks/Products',
    '/webhooks/products/',
    '/webhooks/products/changed',
    '/webhooks/products/updated/now',
    '/webhooks/%70roducts',
    '/webhooks/../webhooks/products',
    '/webhooks/__proto__',
    '/webhooks/constructor/created',
  ])('knows no %s', async (path) => {
    expect(await world.deliver(path, body)).toMatchObject({ status: 404 })
    expect(await world.rows()).toEqual([])
  })

  it('accepts a body of just the limit', async () => {
    const filled = fillTo(1_048_576)
    expect(await world.deliver('/webhooks/products', filled)).toMatchObject({
      status: 202,
      body: { status: 'accepted' },
    })
    const [row] = await world.rows()
    expect(row?.['raw_body']).toEqual(filled)
  })

  it('refuses one byte more, declared or streamed, and closes the connection', async () => {
    const filled = fillTo(1_048_577)
    for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
      const answer = await world.deliver('/webhooks/products', filled, { headers })
      expect(answer).toMatchObject({ status: 413, headers: { connection: 'close' } })
    }
    expect(await world.rows()).toEqual([])
  })
})

describe('a webhook that is not authentic', () => {
  const wrong = sign({ path: '/webhooks/products', body, secret: 'not-a-secret-of-ours' })
  const right = sign({ path: '/webhooks/products', body })

  it.each<[string, Record<string, string | string[]>]>([
    ['nothing', {}],
    ['a signature with another secret', { 'x-zoho-webhook-signature': wrong }],
    ['a flipped digit', { 'x-zoho-webhook-signature': flipped(right) }],
    ['an empty signature', { 'x-zoho-webhook-signature': '' }],
    ['half a signature', { 'x-zoho-webhook-signature': right.slice(0, 32) }],
    ['capital letters', { 'x-zoho-webhook-signature': right.toUpperCase() }],
    ['no hexadecimal digits', { 'x-zoho-webhook-signature': 'z'.repeat(64) }],
    ['10 kB of signature', { 'x-zoho-webhook-signature': 'a'.repeat(10_000) }],
    [
      'base64, which is not switched on',
      { 'x-zoho-webhook-signature': Buffer.from(right, 'hex').toString('base64') },
    ],
    ['two signatures', { 'x-zoho-webhook-signature': [right, right] }],
    ['a wrong key', { 'x-webhook-key': 'first-webhook-kez' }],
    ['an empty key', { 'x-webhook-key': '' }],
    ['both keys at once', { 'x-webhook-key': keys.join(',') }],
    ['a right key beside a wrong signature', { 'x-webhook-key': keys[0], 'x-zoho-webhook-signature': wrong }],
  ])('is refused with %s, with one answer for all reasons', async (_what, headers) => {
    const answer = await world.send({
      method: 'POST',
      path: '/webhooks/products',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    })
    expect(answer.status).toBe(401)
    expect({ ...answer.body, requestId: null }).toEqual({
      type: 'urn:tds:problem:not_authentic',
      title: 'Not authentic',
      status: 401,
      detail: 'Send a valid X-Zoho-Webhook-Signature or X-Webhook-Key.',
      requestId: null,
    })
    expect(await world.rows()).toEqual([])
  })

  it('is refused when its query is not the signed one', async () => {
    const headers = { 'x-zoho-webhook-signature': right }
    expect(await world.deliver('/webhooks/products?organization_id=1', body, { headers })).toMatchObject({
      status: 401,
    })
  })

  it('is refused when its body was written anew', async () => {
    const headers = { 'x-zoho-webhook-signature': right }
    const indented = JSON.stringify({ item }, null, 1)
    expect(await world.deliver('/webhooks/products', indented, { headers })).toMatchObject({ status: 401 })
  })
})

describe('a webhook that is authentic', () => {
  it.each(secrets)('is accepted with any of the secrets (%s)', async (secret) => {
    const signature = sign({ path: '/webhooks/products', body, secret })
    const headers = { 'x-zoho-webhook-signature': signature }
    expect(await world.deliver('/webhooks/products', body, { headers })).toMatchObject({ status: 202 })
    expect(await world.rows()).toEqual([expect.objectContaining({ signature_verified: true })])
  })

  it.each(keys)('is accepted with any of the keys (%s)', async (key) => {
    expect(await withKey('/webhooks/products', { key })).toMatchObject({ status: 202 })
    expect(await world.rows()).toEqual([expect.objectContaining({ signature_verified: false })])
  })

  it('is kept without its secrets, but with its signature', async () => {
    const headers = {
      authorization: 'Bearer abc',
      cookie: 'a=b',
      'x-my-token': 'c',
      'x-webhook-key': keys[0],
    }
    await world.deliver('/webhooks/products', body, { headers })
    const [row] = await world.rows()
    expect(JSON.parse(String(row?.['headers']))).toMatchObject({
      authorization: '[masked]',
      cookie: '[masked]',
      'x-my-token': '[masked]',
      'x-webhook-key': '[masked]',
      'x-zoho-webhook-signature': sign({ path: '/webhooks/products', body }),
      'content-type': 'application/json;charset=UTF-8',
    })
  })

  it('may name its organisation in the query, which is signed', async () => {
    const answer = await world.deliver(`/webhooks/products?organization_id=${organizationId}`, body)
    expect(answer).toMatchObject({ status: 202, body: { status: 'accepted' } })
  })

  it.each(['123', 'abc', '', 'x'.repeat(3000)])('is quarantined for the organisation %s', async (other) => {
    const answer = await world.deliver(`/webhooks/products?organization_id=${other}`, body)
    expect(answer).toMatchObject({ status: 202, body: { status: 'quarantined', reason: 'organization' } })
    const kept = other === '123' ? other : organizationId
    expect(await world.rows()).toEqual([
      expect.objectContaining({ organization_id: kept, status: 'quarantined' }),
    ])
  })

  it('may name its organisation in a header only beside a key, because headers are not signed', async () => {
    const headers = { 'x-zoho-organization-id': '123' }
    expect(await world.deliver('/webhooks/products', body, { headers })).toMatchObject({
      body: { status: 'accepted' },
    })
    await world.clear()
    expect(await withKey('/webhooks/products', { key: keys[0], headers })).toMatchObject({
      body: { status: 'quarantined', reason: 'organization' },
    })
  })
})

describe('a webhook that cannot be used', () => {
  const json = 'application/json'
  it.each<[string, { body: Buffer | string; headers?: Record<string, string> }]>([
    ['empty', { body: '' }],
    ['not_json', { body: '{"item":' }],
    ['not_utf8', { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) }],
    ['not_object', { body: '[1]' }],
    ['not_object', { body: '"text"' }],
    ['not_object', { body: '7' }],
    ['not_object', { body: 'null' }],
    ['no_id', { body: '{"item":{"name":"x"}}' }],
    ['no_id', { body: '{"item":{"item_id":""}}' }],
    ['duplicate_key', { body: '{"item":{"item_id":"1","item_id":"2"}}' }],
    ['too_deep', { body: `${'{"a":'.repeat(65)}1${'}'.repeat(65)}` }],
    [
      'too_many_keys',
      { body: `{${Array.from({ length: 10_001 }, (_, index) => `"k${String(index)}":1`).join()}}` },
    ],
    ['number_range', { body: '{"item":{"item_id":"1","rate":1e400}}' }],
    ['bad_time', { body: '{"item":{"item_id":"1","last_modified_time":"2026-02-30T10:00:00Z"}}' }],
    ['content_type', { body, headers: { 'content-type': 'text/plain' } }],
    ['content_type', { body, headers: { 'content-type': 'application/xml' } }],
    ['content_type', { body, headers: { 'content-type': `${json};charset=utf-16` } }],
    ['encoding', { body, headers: { 'content-encoding': 'gzip' } }],
    ['encoding', { body, headers: { 'content-encoding': 'br' } }],
    ['encoding', { body, headers: { 'content-encoding': 'unheard-of' } }],
    ['unsupported', { body: '{"invoice":{"invoice_id":"1"}}' }],
  ])('is kept with its bytes and without a job: %s', async (reason, { body: sent, headers = {} }) => {
    const answer = await world.deliver('/webhooks/products', sent, { headers })
    expect(answer).toMatchObject({
      status: 202,
      body: { eventId: expect.any(String), status: 'quarantined', reason, detail: expect.any(String) },
    })
    expect(await world.rows()).toEqual([
      expect.objectContaining({
        id: answer.body['eventId'],
        raw_body: Buffer.from(sent),
        status: 'quarantined',
        error_code: reason,
        error_message: answer.body['detail'],
      }),
    ])
    expect(await world.eventsInJobs()).toEqual([])
    const again = await world.deliver('/webhooks/products', sent, { headers })
    expect(again).toMatchObject({
      status: 200,
      body: { eventId: answer.body['eventId'], status: 'duplicate' },
    })
  })

  it('is quarantined when it has no content type at all', async () => {
    const headers = { 'x-webhook-key': keys[0] }
    const answer = await world.send({ method: 'POST', path: '/webhooks/products', headers, body })
    expect(answer).toMatchObject({ status: 202, body: { status: 'quarantined', reason: 'content_type' } })
  })
})

describe('the request id', () => {
  it('comes from a trusted proxy if it looks like one', async () => {
    const given = await world.deliver('/webhooks/products', body, { headers: { 'x-request-id': 'abc-123' } })
    expect(given.headers['x-request-id']).toBe('abc-123')
    const odd = await world.deliver('/webhooks/products', body, { headers: { 'x-request-id': 'a b"c' } })
    expect(odd.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('is in every error, the same as in the header', async () => {
    const answer = await world.send({
      method: 'GET',
      path: '/nothing',
      headers: { 'x-request-id': 'abc-123' },
    })
    expect(answer).toMatchObject({
      status: 404,
      body: { requestId: 'abc-123' },
      headers: { 'x-request-id': 'abc-123' },
    })
  })
})

async function withKey(path: string, o: { key: string; headers?: Record<string, string> }) {
  const headers = { 'content-type': 'application/json', 'x-webhook-key': o.key, ...o.headers }
  return world.send({ method: 'POST', path, headers, body })
}

/** A sound body of exactly so many bytes. */
function fillTo(bytes: number): Buffer {
  const [head, tail] = [
    `{"item":{"item_id":"1","last_modified_time":"2026-07-21T16:03:55+0100","name":"`,
    '"}}',
  ]
  return Buffer.from(head + 'x'.repeat(bytes - head.length - tail.length) + tail)
}

function flipped(signature: string): string {
  return (signature.startsWith('0') ? '1' : '0') + signature.slice(1)
}
