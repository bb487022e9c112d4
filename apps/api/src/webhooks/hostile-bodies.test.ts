import { createHash } from 'node:crypto'
import {
  delivery,
  keys,
  sendTo,
  startApiWorld,
  type ApiWorld,
  type InboxRow,
  type TestAnswer,
  type TestRequest,
} from '../testing/api-world.ts'
import { mostBlockedMs, watchEventLoop } from '../testing/event-loop-watch.ts'

const version = '2026-07-21T16:03:55+0100'
const formType = 'application/x-www-form-urlencoded;charset=UTF-8'
const bodyLimit = 1_048_576

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

describe('bytes that are no text of a record', () => {
  it.each(['', ' \r\n\t', '\uFEFF'])('B-01 an empty body (%j) is quarantined as empty', async (sent) => {
    await expectQuarantined({ sent }, 'empty')
  })

  it.each(['{"a":', '{"item":{"item_id":"1"}', '{"item":{"item_id":"1"}}}', 'item_id=1'])(
    'B-02 a body cut off or with something too much (%s) is quarantined as not_json',
    async (sent) => {
      await expectQuarantined({ sent }, 'not_json')
    },
  )

  it.each(['ff', 'c3', 'c0af', 'eda080', 'f4908080'])(
    'B-03 a string with the bytes %s, which are no UTF-8, is quarantined as not_utf8',
    async (bytes) => {
      const [head = '', tail = ''] = item({ name: '#' }).split('#')
      const sent = Buffer.concat([Buffer.from(head), Buffer.from(bytes, 'hex'), Buffer.from(tail)])
      await expectQuarantined({ sent }, 'not_utf8')
    },
  )

  it('B-04 a byte-order mark before a sound body is removed and flagged', async () => {
    const { row } = await expectAccepted({ sent: `\uFEFF${item()}` }, { flags: ['bom'] })
    expect(row['payload']).toMatch(/^\{/)
  })
})

describe('characters that Postgres cannot store', () => {
  it.each([
    ['value', item({ name: 'a\\u0000b' }), 'a\uFFFDb'],
    ['key', item({ 'n\\u0000': 'x' }), 'n\uFFFD'],
  ])('B-05 NUL in a %s is accepted, replaced by U+FFFD and flagged', async (_where, sent, stored) => {
    const { row } = await expectAccepted({ sent }, { flags: ['nul_replaced'] })
    expect(row['payload']).toContain(stored)
  })

  it.each([
    ['value', item({ name: 'a\\ud800' }), item({ name: 'a\uFFFD' })],
    ['key', item({ 'n\\udc00': 'x' }), item({ 'n\uFFFD': 'x' })],
  ])(
    'B-06 half a surrogate pair in a %s is made well-formed and flagged, and hashes alike in every run',
    async (_where, sent, canonical) => {
      const { row, answer } = await expectAccepted({ sent }, { flags: ['surrogate_replaced'] })
      expect(row['payload']).toContain('\uFFFD')
      expect(row['content_hash']).toBe(sha256(canonical))
      const again = await send({ sent })
      expect(again).toMatchObject({ status: 200, body: { eventId: answer.body['eventId'] } })
    },
  )
})

describe('numbers', () => {
  it.each(['1e400', '1e131072', '123e-10000000', '-1e101', `1${'0'.repeat(100)}`])(
    'B-07 the number %s is quarantined as number_range',
    async (number) => {
      await expectQuarantined({ sent: item({ rate: raw(number) }) }, 'number_range')
    },
  )

  it.each(['9007199254740993', '5739140000001010143'])(
    'B-08 the id %s as a bare number is kept digit for digit',
    async (id) => {
      const { row } = await expectAccepted({ sent: item({ item_id: raw(id) }) })
      expect(row['source_entity_id']).toBe(id)
      expect(row['payload']).toContain(`: ${id}`)
    },
  )

  it.each(['0.1', '1.10', '1e2', '-0', '""', '"None"'])(
    'B-09 money written %s is accepted; what it means is decided when it is applied',
    async (money) => {
      await expectAccepted({ sent: item({ rate: raw(money) }) })
    },
  )
})

describe('the shape of a body', () => {
  it('B-10 two ids under one key are quarantined as duplicate_key', async () => {
    const sent = `{"item":{"item_id":"1","last_modified_time":"${version}","item_id":"2"}}`
    await expectQuarantined({ sent }, 'duplicate_key')
  })

  it('B-11 keys that every object inherits are data, and no object gains a property', async () => {
    const sent = item({
      __proto_: 'x',
      constructor: raw('{"prototype":{"polluted":1}}'),
      toString: 'x',
    }).replace('"__proto_":"x"', '"__proto__":{"polluted":1}')
    const { row } = await expectAccepted({ sent })
    expect(row['payload']).toContain('"__proto__": {"polluted": 1}')
    expect(row['payload']).toContain('"constructor": {"prototype": {"polluted": 1}}')
    const fresh: Record<string, unknown> = {}
    expect(fresh['polluted']).toBeUndefined()
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
  })

  it('B-12 nesting of 64 levels is accepted', async () => {
    await expectAccepted({ sent: nested(64) })
  })

  it.each([65, 5000, 100_000])('B-12 nesting of %i levels is quarantined as too_deep', async (levels) => {
    await expectQuarantined({ sent: nested(levels), withinMs: 1000 }, 'too_deep')
  })

  it('B-13 as many keys as fit into the limit are quarantined as too_many_keys', async () => {
    const members = Array.from({ length: 130_000 }, (_, index) => `"${index.toString(36)}":1`)
    const sent = `{${members.join(',')}`.slice(0, bodyLimit)
    await expectQuarantined({ sent }, 'too_many_keys')
  })

  it('B-14 a field of 900 kB is accepted', async () => {
    await expectAccepted({ sent: item({ name: 'x'.repeat(900_000), sku: 'y'.repeat(100_000) }) })
  })

  it('B-15 a body of exactly the limit is accepted, whether its length is declared or not', async () => {
    const sent = item({ name: 'x'.repeat(bodyLimit - item({ name: '' }).length) })
    expect(Buffer.byteLength(sent)).toBe(bodyLimit)
    await expectAccepted({ sent })
    await world.clear()
    await expectAccepted({ sent, headers: { 'transfer-encoding': 'chunked' } })
  })

  it.each([{}, { 'transfer-encoding': 'chunked' }])(
    'B-15 one byte more than the limit is answered 413 and the connection closed (%p)',
    async (headers) => {
      const sent = item({ name: 'x'.repeat(bodyLimit + 1 - item({ name: '' }).length) })
      const answer = await send({ sent, headers })
      expect(answer).toMatchObject({
        status: 413,
        headers: { connection: 'close', 'content-type': 'application/problem+json' },
        body: { type: 'urn:tds:problem:body_too_large', status: 413 },
      })
      expect(await world.rows()).toEqual([])
    },
  )
})

describe('how a body is announced', () => {
  it.each([
    'text/plain',
    'application/xml',
    'application/json; charset=utf-16',
    'application/json;charset=latin1',
    'multipart/form-data; boundary=x',
    '',
  ])('B-16 the content type "%s" is quarantined as content_type', async (type) => {
    await expectQuarantined({ sent: item(), headers: { 'content-type': type } }, 'content_type')
  })

  it('B-16 no content type at all is quarantined as content_type', async () => {
    const { 'content-type': _none, ...headers } = delivery('/webhooks/products', item()).headers
    const answer = await world.send({ method: 'POST', path: '/webhooks/products', headers, body: item() })
    expect(answer).toMatchObject({ status: 202, body: { status: 'quarantined', reason: 'content_type' } })
  })

  it('B-17 a form with the same record in JSONString is the same event', async () => {
    const sent = new URLSearchParams({ JSONString: item(), other: 'kept aside' }).toString()
    const { answer } = await expectAccepted({ sent, headers: { 'content-type': formType } })
    const json = await send({ sent: item() })
    expect(json).toMatchObject({
      status: 200,
      body: { eventId: answer.body['eventId'], status: 'duplicate' },
    })
  })

  it.each([
    ['without JSONString', 'not_json', 'other=1'],
    ['with JSON cut off', 'not_json', 'JSONString=%7B'],
    ['with bytes that are no UTF-8', 'not_utf8', 'JSONString=%ff'],
    ['with an empty JSONString', 'empty', 'JSONString='],
    ['with two of them', 'duplicate_key', 'JSONString=%7B%7D&JSONString=%7B%7D'],
    ['of more than 10,000 fields', 'too_many_keys', 'a&'.repeat(10_000) + 'JSONString=%7B%7D'],
  ])('B-17 a form %s is quarantined as %s', async (_what, reason, sent) => {
    const headers = { 'content-type': formType, 'x-webhook-key': keys[0] }
    await expectQuarantined({ sent, headers, signed: false }, reason)
  })

  it.each(['gzip', 'br', 'deflate', 'unheard-of', 'identity, gzip'])(
    'B-18 the encoding %s is quarantined as encoding when the signature fits the bytes as sent, else 401',
    async (encoding) => {
      const headers = { 'content-encoding': encoding }
      await expectQuarantined({ sent: Buffer.from([0x1f, 0x8b, 8, 0]), headers }, 'encoding')
      await world.clear()
      const wrong = { ...headers, 'x-zoho-webhook-signature': '0'.repeat(64) }
      expect(await send({ sent: item(), headers: wrong, signed: false })).toMatchObject({ status: 401 })
      expect(await world.rows()).toEqual([])
    },
  )

  it.each(['[]', `[${item()}]`, '"text"', '7', 'null', 'true'])(
    'B-19 the top-level value %s is quarantined as not_object',
    async (sent) => {
      await expectQuarantined({ sent }, 'not_object')
    },
  )
})

describe('what a body is about', () => {
  it.each([
    '{"invoice":{"invoice_id":"1"}}',
    '{"entity":"order","event":"updated","id":"1"}',
    '{"entity":"Item","event":"updated","id":"1"}',
    '{"entity":"item","event":"eaten","id":"1"}',
    '{"entity":"item","event":"Updated","id":"1"}',
    '{"unicorn":{"unicorn_id":"1"}}',
  ])('B-20 %s is quarantined as unsupported', async (sent) => {
    await expectQuarantined({ sent }, 'unsupported')
  })

  it('B-20 an address of no entity and one in other letters are answered 404', async () => {
    for (const path of ['/webhooks/orders', '/webhooks/Products', '/webhooks/products/Updated']) {
      expect(await world.deliver(path, item())).toMatchObject({ status: 404 })
    }
    expect(await world.rows()).toEqual([])
  })

  it.each(['""', 'null', '{}', '[]', 'true', '1.5', '-1', '"abc"', '"1 "'])(
    'B-21 the id %s is quarantined as no_id',
    async (id) => {
      await expectQuarantined({ sent: item({ item_id: raw(id) }) }, 'no_id')
    },
  )

  it('B-21 no id at all and one of 300 digits are quarantined as no_id', async () => {
    await expectQuarantined({ sent: '{"item":{"name":"x"}}' }, 'no_id')
    await world.clear()
    await expectQuarantined({ sent: item({ item_id: '1'.repeat(300) }) }, 'no_id')
  })

  it.each([
    ['2026-07-21T16:03:55+0100', '2026-07-21 15:03:55+00'],
    ['2026-07-21T16:03:55+01:00', '2026-07-21 15:03:55+00'],
    ['2026-07-21T16:03:55Z', '2026-07-21 16:03:55+00'],
    ['2026-07-21T16:03:55.120-0330', '2026-07-21 19:33:55.12+00'],
    ['2024-02-29T23:59:59+0000', '2024-02-29 23:59:59+00'],
    ['', null],
  ])('B-22 the time "%s" is accepted as %s', async (time, instant) => {
    const { row } = await expectAccepted({ sent: item({ last_modified_time: time }) })
    expect(row['source_version']).toBe(instant)
  })

  it.each([
    '2026-02-30T10:00:00Z',
    '2026-07-21T16:03:55',
    '2026-07-21T16:03:55+2500',
    '+294277-01-01T00:00:00Z',
    '294277-01-01T00:00:00Z',
    'infinity',
    'now',
    '0000-00-00',
  ])('B-22 the time "%s" is quarantined as bad_time', async (time) => {
    await expectQuarantined({ sent: item({ last_modified_time: time }) }, 'bad_time')
  })

  it('B-22 a time more than 24 hours ahead is quarantined as future, so that it freezes no record', async () => {
    const ahead = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString()
    await expectAccepted({ sent: item({ last_modified_time: ahead(23) }) })
    for (const hours of [25, 10 * 365 * 24]) {
      await world.clear()
      await expectQuarantined({ sent: item({ last_modified_time: ahead(hours) }) }, 'future')
    }
  })

  it.each([
    '{"items":[{"item_id":"1"},{"item_id":"2"}]}',
    '{"items":[{"item_id":"1"}]}',
    '{"item":[{"item_id":"1"},{"item_id":"2"}]}',
    '{"item":{"item_id":"1"},"invoice":{"invoice_id":"2"}}',
  ])('B-28 %s is quarantined as batch, and not its first record taken', async (sent) => {
    await expectQuarantined({ sent }, 'batch')
  })
})

describe('a megabyte of small pieces', () => {
  it.each(['1,', '1e99,', '-0,', '"\\n",', '[],', '{},'])(
    'B-13 a megabyte in a list of %s is quarantined as too_many_keys',
    async (piece) => {
      const list = piece.repeat(Math.floor((bodyLimit - 200) / piece.length)).slice(0, -1)
      await expectQuarantined({ sent: item({ list: raw(`[${list}]`) }) }, 'too_many_keys')
    },
  )

  it.each(['a&', '&', 'a=b&', '%e4%&'])('as a form of %s is refused by who has no secret', async (piece) => {
    const headers = { 'content-type': formType, 'x-zoho-webhook-signature': '0'.repeat(64) }
    const sent = piece.repeat(Math.floor(bodyLimit / piece.length))
    expect(await send({ sent, headers, signed: false })).toMatchObject({ status: 401 })
  })

  it('just within the limits is accepted', async () => {
    const list = (value: string, times: number) =>
      raw(`[${Array.from({ length: times }, () => value).join(',')}]`)
    await expectAccepted({ sent: item({ list: list('1e99', 24_900) }) })
    await world.clear()
    const objects = Array.from({ length: 9_900 }, (_, index) => `{"k${String(index)}":"${'\\n'.repeat(40)}"}`)
    await expectAccepted({ sent: item({ list: raw(`[${objects.join(',')}]`) }) })
  })

  it('is read in time by who sends many at once', async () => {
    const sent = (id: number): string => item({ item_id: String(id), name: 'x'.repeat(1_000_000) })
    const requests = Array.from({ length: 12 }, (_, id) => delivery('/webhooks/products', sent(id + 1)))
    const watch = watchEventLoop()
    const answers = await Promise.all(requests.map((request) => sendTo(world.apiUrl, request)))
    expect(await watch.end()).toBeLessThan(mostBlockedMs)
    expect(answers.map(({ status }) => status)).toEqual(requests.map(() => 202))
  })
})

interface Hostile {
  readonly sent: string | Buffer
  readonly headers?: Readonly<Record<string, string>>
  /** Time for the answer, in milliseconds; by default what the api promises for any. */
  readonly withinMs?: number
  /** False where the headers are to prove who sends it, or not to. */
  readonly signed?: boolean
}

/** Sends it, and claims that the answer came soon and that the event loop was not blocked for it. */
async function send(hostile: Hostile): Promise<TestAnswer> {
  const request = requestOf(hostile)
  const watch = watchEventLoop()
  const startedAt = performance.now()
  const answer = await world.send(request)
  expect(performance.now() - startedAt).toBeLessThan(hostile.withinMs ?? 5000)
  expect(await watch.end()).toBeLessThan(mostBlockedMs)
  return answer
}

function requestOf({ sent, headers = {}, signed = true }: Hostile): TestRequest {
  const path = '/webhooks/products'
  if (signed) return delivery(path, sent, { headers })
  return { method: 'POST', path, body: sent, headers }
}

async function expectQuarantined(hostile: Hostile, reason: string): Promise<void> {
  const answer = await send(hostile)
  expect(answer.status).toBe(202)
  expect(answer.body).toEqual({
    eventId: expect.any(String),
    status: 'quarantined',
    reason,
    detail: expect.any(String),
  })
  const row = await keptRow(hostile, answer)
  expect(row).toMatchObject({
    status: 'quarantined',
    error_code: reason,
    error_message: answer.body['detail'],
    content_hash: sha256(hostile.sent),
    source_entity_id: null,
    payload: null,
    flags: [],
  })
  expect(await world.eventsInJobs()).toEqual([])
  const again = await send(hostile)
  expect(again.status).toBe(200)
  expect(again.body).toEqual({ eventId: answer.body['eventId'], status: 'duplicate' })
}

async function expectAccepted(
  hostile: Hostile,
  { flags = [] as string[] } = {},
): Promise<{ answer: TestAnswer; row: InboxRow }> {
  const answer = await send(hostile)
  expect(answer.status).toBe(202)
  expect(answer.body).toEqual({ eventId: expect.any(String), status: 'accepted' })
  const row = await keptRow(hostile, answer)
  expect(row).toMatchObject({ status: 'pending', error_code: null, error_message: null, flags })
  expect(await world.eventsInJobs()).toEqual([answer.body['eventId']])
  return { answer, row }
}

/** The one row there is, with the bytes as sent. */
async function keptRow({ sent }: Hostile, answer: TestAnswer): Promise<InboxRow> {
  const [row, ...others] = await world.rows()
  if (row === undefined) throw new Error('nothing was kept')
  expect(others).toEqual([])
  expect(row['id']).toBe(answer.body['eventId'])
  expect(sha256(row['raw_body'] as Buffer)).toBe(sha256(sent))
  return row
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** JSON text that stands as it is. */
interface Raw {
  readonly json: string
}

function raw(json: string): Raw {
  return { json }
}

/** A delivery of a product; texts are written without further escapes. */
function item(members: Readonly<Record<string, string | Raw>> = {}): string {
  const all: Readonly<Record<string, string | Raw>> = {
    item_id: '460122000000101014',
    last_modified_time: version,
    ...members,
  }
  const written = Object.entries(all).map(
    ([key, value]) => `"${key}":${typeof value === 'string' ? `"${value}"` : value.json}`,
  )
  return `{"item":{${written.join(',')}}}`
}

/** A delivery with so many levels in all: two of them are the envelope and the record. */
function nested(levels: number): string {
  return item({ deep: raw('['.repeat(levels - 2) + ']'.repeat(levels - 2)) })
}
