import fc from 'fast-check'
import { entities } from '@tds/core'
import { delivery, keys, organizationId, type TestRequest } from './api-world.ts'
import type { RawRequest } from './raw-exchange.ts'

/** A request of a run, and what is known of it beforehand. */
export type HostileRequest =
  | {
      readonly kind: 'request'
      readonly request: TestRequest
      /** The answer that the order of the checks prescribes; an authentic delivery is stored, whatever is in it. */
      readonly prescribed: 'stored' | 401 | 404 | 405 | 413
    }
  /** Bytes that may be no HTTP at all; none of them can be authentic. */
  | { readonly kind: 'bytes'; readonly raw: RawRequest }

const bodyLimit = 1_048_576

const routes = entities.flatMap(({ resource, aliases }) =>
  [resource, ...aliases].flatMap((name) =>
    ['', '/created', '/updated', '/deleted'].map((action) => `/webhooks/${name}${action}`),
  ),
)

const path = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...routes) },
  fc
    .constantFrom(
      'products/',
      'nothing',
      '/products',
      'products%00',
      '',
      '.',
      '../health',
      '__proto__',
      'PRODUCTS',
    )
    .map((rest) => `/webhooks/${rest}`),
  fc.webPath().map((rest) => `/webhooks/${rest}`),
)

const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  fc.constantFrom(
    `?organization_id=${organizationId}`,
    '?organization_id=1&organization_id=2',
    '?organization_id=%00',
    '?',
    '?=',
    '?%',
    '?a=%ff%00',
    `?${'a=b&'.repeat(2000)}`,
  ),
  fc.webQueryParameters().map((text) => `?${text}`),
)

const oddText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '\u0000',
    '\ud800',
    '__proto__',
    '1e400',
    'None',
    '\u202e',
    "'; DROP TABLE tds_inbox_events --",
  ),
)
const oddTime = fc.oneof(
  fc.constantFrom(
    '2026-07-21T16:03:55+0100',
    '',
    'infinity',
    '9999-12-31T23:59:59Z',
    '+294277-01-01T00:00:00Z',
  ),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
)
const oddId = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 400 }).map((id) => `460122000000${String(id).padStart(6, '0')}`) },
  fc.constantFrom('', '0', 'a:b%', '9'.repeat(101)),
  oddText,
)

/** A record with some members as no honest sender has them. */
const oddRecord = fc.record(
  {
    item_id: fc.oneof(oddId, fc.jsonValue({ maxDepth: 2 })),
    invoice_id: oddId,
    name: oddText,
    rate: fc.oneof(fc.double(), fc.bigInt().map(String), oddText),
    last_modified_time: fc.oneof(oddTime, fc.jsonValue({ maxDepth: 1 })),
    organization_id: fc.constantFrom(organizationId, '1', ''),
    __proto__: fc.jsonValue({ maxDepth: 1 }),
    constructor: fc.jsonValue({ maxDepth: 1 }),
  },
  { requiredKeys: [] },
)

const writtenJson = fc.oneof(
  { weight: 4, arbitrary: oddRecord.map((item) => JSON.stringify({ item })) },
  oddRecord.map((invoice) => JSON.stringify({ invoice })),
  fc
    .record({
      entity: fc.constantFrom('item', 'product', 'invoice', 'order', '', 7),
      event: fc.constantFrom('updated', 'deleted', 'eaten', null),
      id: fc.oneof(oddId, fc.jsonValue({ maxDepth: 1 })),
    })
    .map((thin) => JSON.stringify(thin)),
  fc.json({ maxDepth: 3 }),
  fc.constantFrom(
    '',
    '\uFEFF{}',
    '{"item":{"item_id":"1","item_id":"2"}}',
    '{"item":{"item_id":1e400}}',
    '{"item":{"item_id":"1","name":"\\ud800\\u0000"}}',
    '['.repeat(5000),
    `{"item":{"item_id":"1","x":[${'1,'.repeat(60_000)}1]}}`,
  ),
)

/** Bodies as Zoho sends them. */
const examples = entities.flatMap(({ example }) =>
  [example.webhook, example.detail].map((text) => Buffer.from(text)),
)

type Change = [at: number, what: 'set' | 'insert' | 'remove' | 'cut' | 'double', byte: number]

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.nat(),
  fc.constantFrom('set', 'insert', 'remove', 'cut', 'double'),
  fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"\\{}[]:,e-0\n'))),
)

/** The bytes with a few of them changed. */
function mutated(original: Buffer, changes: readonly Change[]): Buffer {
  let bytes = original
  for (const [somewhere, what, byte] of changes) {
    const at = somewhere % (bytes.length + 1)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
    const here = Buffer.from([byte])
    if (what === 'set') bytes = Buffer.concat([before, here, after.subarray(1)])
    else if (what === 'insert') bytes = Buffer.concat([before, here, after])
    else if (what === 'remove') bytes = Buffer.concat([before, after.subarray(1)])
    else if (what === 'double') bytes = Buffer.concat([before, after.subarray(0, byte), after])
    else if (byte < 32) bytes = before
  }
  return bytes
}

const mutatedExample = fc
  .tuple(fc.constantFrom(...examples), fc.array(change, { maxLength: 4 }))
  .map(([original, changes]) => mutated(original, changes))

const form = fc
  .tuple(writtenJson, fc.constantFrom('JSONString', 'jsonstring', 'a'), fc.array(change, { maxLength: 2 }))
  .map(([json, field, changes]) => {
    const fields = new URLSearchParams({ other: 'x', [field]: json.slice(0, 2000) })
    return mutated(Buffer.from(fields.toString()), changes)
  })

const smallBody = fc.oneof(
  { weight: 5, arbitrary: writtenJson.map((text) => Buffer.from(text)) },
  { weight: 5, arbitrary: mutatedExample },
  { weight: 2, arbitrary: form },
  { weight: 2, arbitrary: fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)) },
)
/** Around the limit, in pieces of every size. */
const largeBody = fc
  .tuple(
    fc.constantFrom('x', '[],', '"\\u0000",', '{"a":'),
    fc.constantFrom(bodyLimit - 1, bodyLimit, bodyLimit + 1),
  )
  .map(([piece, size]) => Buffer.from(piece.repeat(Math.ceil(size / piece.length)).slice(0, size)))
const body = fc.oneof({ weight: 500, arbitrary: smallBody }, { weight: 1, arbitrary: largeBody })

const headerText = fc.string({
  unit: fc.constantFrom(...Array.from('abcXYZ019 ;=/\\"\'<>{}%,.-_:é')),
  maxLength: 60,
})
const headers = fc.record(
  {
    'content-type': fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          'application/json',
          'application/json;charset=UTF-8',
          'application/x-www-form-urlencoded',
        ),
      },
      fc.constantFrom('text/plain', 'application/json;charset=utf-16', 'multipart/form-data; boundary=x', ''),
      headerText,
    ),
    'content-encoding': fc.constantFrom('identity', 'gzip', 'br', '', 'x, y'),
    'transfer-encoding': fc.constantFrom('chunked', 'gzip, chunked'),
    expect: fc.constantFrom('100-continue', 'nothing'),
    upgrade: fc.constantFrom('websocket', 'h2c'),
    'x-zoho-organization-id': fc.oneof(fc.constant(organizationId), headerText),
    'x-request-id': headerText,
    'x-forwarded-for': headerText,
    'user-agent': headerText,
    authorization: headerText,
    cookie: headerText,
    'x-long': fc.constant('a'.repeat(6000)),
  },
  { requiredKeys: ['content-type'] },
)

const method = fc.oneof(
  { weight: 15, arbitrary: fc.constant('POST') },
  fc.constantFrom(
    'GET',
    'HEAD',
    'PUT',
    'DELETE',
    'PATCH',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'M-SEARCH',
    'PURGE',
  ),
)

const proof = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('signature', 'signature', 'signature', 'key') },
  fc.constantFrom(
    'none',
    'of another body',
    'cut',
    'capitals',
    'two',
    'wrong key',
    'wrong signature, right key',
  ),
)

const request: fc.Arbitrary<HostileRequest> = fc
  .record({ path, query, body, headers, method, proof })
  .map(({ path: place, query: pairs, body: sent, headers: given, method: verb, proof: shown }) => {
    const signed = delivery(place + pairs, sent, { method: verb, headers: given })
    const { 'x-zoho-webhook-signature': signature, ...bare } = signed.headers
    const proven = { ...signed, headers: { ...bare, ...proofOf(shown, String(signature)) } }
    const authentic = shown === 'signature' || shown === 'key'
    const stored = authentic && (shown === 'key' || !isTooManyFields(given['content-type'], sent))
    const prescribed =
      verb !== 'POST'
        ? 405
        : !routes.includes(place)
          ? 404
          : sent.length > bodyLimit
            ? 413
            : stored
              ? 'stored'
              : 401
    return { kind: 'request', request: proven, prescribed } as const
  })

function proofOf(shown: string, signature: string): TestRequest['headers'] {
  const name = 'x-zoho-webhook-signature'
  switch (shown) {
    case 'signature':
      return { [name]: signature }
    case 'key':
      return { 'x-webhook-key': keys[1] }
    case 'of another body':
      return { [name]: signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) }
    case 'cut':
      return { [name]: signature.slice(1) }
    case 'capitals':
      return { [name]: `A${signature.slice(1).toUpperCase()}` }
    case 'two':
      return { [name]: [signature, signature] }
    case 'wrong key':
      return { 'x-webhook-key': `${keys[0]}x` }
    case 'wrong signature, right key':
      return { [name]: '0'.repeat(64), 'x-webhook-key': keys[0] }
    default:
      return {}
  }
}

/** A form of more fields than are taken apart has no signature that could be right. */
function isTooManyFields(contentType: string, sent: Buffer): boolean {
  const isForm = contentType.startsWith('application/x-www-form-urlencoded')
  return (
    isForm &&
    sent
      .toString('latin1')
      .split('&')
      .filter((field) => field !== '').length > 10_000
  )
}

const handWritten = Buffer.from(
  [
    'POST /webhooks/products HTTP/1.1',
    'Host: api.test',
    'Content-Type: application/json',
    'Transfer-Encoding: chunked',
    '',
    '2',
    '{}',
    '0',
    '',
    '',
  ].join('\r\n'),
)

const bytes: fc.Arbitrary<HostileRequest> = fc
  .oneof(
    {
      weight: 4,
      arbitrary: fc
        .array(change, { minLength: 1, maxLength: 6 })
        .map((changes) => mutated(handWritten, changes)),
    },
    fc.uint8Array({ minLength: 1, maxLength: 400 }).map((array) => Buffer.from(array)),
  )
  // Our side is closed behind them, so that what is no whole request ends at once.
  .map((written) => ({ kind: 'bytes', raw: { bytes: written, halfClose: true } }) as const)

/** Anything that a sender of webhooks, a broken proxy or a stranger may send. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc.oneof(
  { weight: 19, arbitrary: request },
  { weight: 1, arbitrary: bytes },
)
