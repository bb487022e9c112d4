import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { matchSignature, type SignedDelivery } from './signature.ts'

const secret = 'n0rthquayHookKey2026'
const json =
  '{"item":{"item_id":"573914000000101014","name":"Canvas tote 12 L","rate":14.5,"last_modified_time":"2026-07-21T16:03:55+0100"}}'
const form =
  'JSONString=%7B%22item%22%3A%7B%22item_id%22%3A%22573914000000101014%22%2C%22name%22%3A%22Canvas+tote+12+L%22%2C%22rate%22%3A14.5%2C%22last_modified_time%22%3A%222026-07-21T16%3A03%3A55%2B0100%22%7D%7D'
const jsonType = 'application/json;charset=UTF-8'
const formType = 'application/x-www-form-urlencoded;charset=UTF-8'

/** Vectors of docs/reference/zoho.md: the documented rule, worked out by hand. */
const vectors = [
  {
    name: 'json body, bare URL',
    query: [],
    contentType: jsonType,
    rawBody: json,
    hex: '39992b8e6622005957e92859dafa7419dde6c0c87082de75a21fd0ec2f8c1bb3',
  },
  {
    name: 'json body, URL with query',
    query: [
      ['organization_id', '790412365'],
      ['entity', 'item'],
    ],
    contentType: jsonType,
    rawBody: json,
    hex: 'aa6d04dea874a70864078227705449b748ff9a990eb0444e9fdfbf427f85cae3',
  },
  {
    name: 'form body, one field',
    query: [],
    contentType: formType,
    rawBody: form,
    hex: 'e4fd9e07e89e7d51d6c01c5c10b3ac0b577820ea1786bf9f2c960553b88ccd1d',
  },
  {
    name: 'form body plus query',
    query: [['entity', 'item']],
    contentType: formType,
    rawBody: form,
    hex: 'e456ba5cb62dedca3725391258141ce982993b64c0379d355b0d88811c8b28bc',
  },
] satisfies { name: string; query: [string, string][]; contentType: string; rawBody: string; hex: string }[]

describe('matchSignature', () => {
  it.each(vectors)('accepts the published vector: $name', ({ hex, query, contentType, rawBody }) => {
    expect(isSigned(delivery({ header: hex, query, contentType, rawBody: Buffer.from(rawBody) }))).toBe(true)
  })

  it.each(vectors)('refuses the vector with one byte of the body changed: $name', (vector) => {
    const rawBody = Buffer.from(vector.rawBody.replace('12', '13'))
    expect(isSigned(delivery({ ...vector, header: vector.hex, rawBody }))).toBe(false)
  })

  it('refuses an authentic body with another query, because the pairs are signed', () => {
    const [, withQuery] = vectors
    const header = withQuery?.hex
    expect(isSigned(delivery({ header }))).toBe(false)
    expect(
      isSigned(
        delivery({
          header,
          query: [
            ['organization_id', '790412366'],
            ['entity', 'item'],
          ],
        }),
      ),
    ).toBe(false)
  })

  it('refuses the same record in another spelling', () => {
    const rawBody = Buffer.from(JSON.stringify(JSON.parse(json), null, 1))
    expect(isSigned(delivery({ header: signed(json), rawBody }))).toBe(false)
  })

  it('sorts query and form pairs together, by key, and keeps the order of equal keys', () => {
    const rawBody = Buffer.from('b=2&JSONString=%7B%7D&a=%C3%A9')
    const header = signed('JSONString{}aéa1b2b0')
    const query: [string, string][] = [
      ['b', '0'],
      ['a', '1'],
    ]
    expect(isSigned(delivery({ header, query, contentType: formType, rawBody }))).toBe(false)
    const queryFirst = signed('JSONString{}a1aéb0b2')
    expect(isSigned(delivery({ header: queryFirst, query, contentType: formType, rawBody }))).toBe(true)
  })

  it('covers bytes that are not UTF-8, in JSON and in a form', () => {
    const rawBody = Buffer.from([0x22, 0xff, 0x22])
    const header = createHmac('sha256', secret).update(rawBody).digest('hex')
    expect(isSigned(delivery({ header, rawBody }))).toBe(true)
    const formHeader = createHmac('sha256', secret).update('JSONString').update(rawBody).digest('hex')
    const encoded = Buffer.from('JSONString=%22%FF%22')
    expect(isSigned(delivery({ header: formHeader, contentType: formType, rawBody: encoded }))).toBe(true)
  })

  it('takes a body of any other type as it is', () => {
    const rawBody = Buffer.from('<item/>')
    const header = signed('<item/>')
    expect(isSigned(delivery({ header, rawBody, contentType: undefined }))).toBe(true)
    expect(isSigned(delivery({ header, rawBody, contentType: 'application/xml' }))).toBe(true)
  })

  it.each<[string, SignedDelivery['header']]>([
    ['missing', undefined],
    ['empty', ''],
    ['one digit short', signed(json).slice(1)],
    ['one digit long', `${signed(json)}0`],
    ['in capitals', signed(json).toUpperCase()],
    ['with blanks around', ` ${signed(json)} `],
    ['with a line feed after it', `${signed(json)}\n`],
    ['not hex', 'g'.repeat(64)],
    ['in letters of another script', '١'.repeat(64)],
    ['of 10 kB', 'a'.repeat(10_240)],
    ['in base64', createHmac('sha256', secret).update(json).digest('base64')],
    ['sent twice, as Node joins it', `${signed(json)}, ${signed(json)}`],
    ['sent twice, as a list', [signed(json), signed(json)]],
    ['a list of one', [signed(json)]],
    ['with a prefix', `sha256=${signed(json)}`],
  ])('refuses a header that is %s, without throwing', (_, header) => {
    expect(isSigned(delivery({ header }))).toBe(false)
  })

  it('refuses every signature with one bit flipped', () => {
    fc.assert(
      fc.property(fc.nat(255), (bit) => {
        const bytes = Buffer.from(signed(json), 'hex')
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        expect(isSigned(delivery({ header: bytes.toString('hex') }))).toBe(false)
      }),
    )
  })

  it('accepts every configured secret while they rotate, and says which by its place', () => {
    const old = delivery({ header: signed(json, 'oldSecretOf2025'), secrets: [secret, 'oldSecretOf2025'] })
    expect(matchSignature(old)).toEqual({ secretIndex: 1, form: 'documented' })
    expect(matchSignature(delivery({ header: signed(json) }))).toEqual({ secretIndex: 0, form: 'documented' })
    expect(isSigned({ ...old, secrets: [secret] })).toBe(false)
  })

  it('accepts nothing without secrets, and nothing signed with an empty one', () => {
    expect(isSigned(delivery({ header: signed(json), secrets: [] }))).toBe(false)
    expect(isSigned(delivery({ header: signed(json, ''), secrets: [''] }))).toBe(false)
  })
})

describe('matchSignature with variants', () => {
  const query: [string, string][] = [['entity', 'item']]
  const spaced = '{ "item": {\n\t"name": "two  blanks \\" \\\\", "rate": 1.50 } }\r\n'
  const compact = '{"item":{"name":"two  blanks \\" \\\\","rate":1.50}}'

  it('body: accepts the signature of the body without the query, only when switched on', () => {
    const signedBody = delivery({ header: signed(json), query })
    expect(isSigned(signedBody)).toBe(false)
    expect(matchSignature({ ...signedBody, variants: ['body'] })).toEqual({ secretIndex: 0, form: 'body' })
  })

  it('compact: accepts the signature of the body without blanks between tokens, only when switched on', () => {
    const signedCompact = delivery({
      header: signed(`entityitem${compact}`),
      query,
      rawBody: Buffer.from(spaced),
    })
    expect(isSigned(signedCompact)).toBe(false)
    expect(matchSignature({ ...signedCompact, variants: ['compact'] })).toEqual({
      secretIndex: 0,
      form: 'compact',
    })
  })

  it('compact: applies to the text in a form as well', () => {
    const rawBody = Buffer.from(new URLSearchParams({ JSONString: spaced }).toString())
    const header = signed(`JSONString${compact}`)
    expect(isSigned(delivery({ header, contentType: formType, rawBody, variants: ['compact'] }))).toBe(true)
  })

  it('base64: accepts the digest in base64, only when switched on', () => {
    const header = createHmac('sha256', secret).update(json).digest('base64')
    expect(matchSignature(delivery({ header, variants: ['base64'] }))).toEqual({
      secretIndex: 0,
      form: 'base64',
    })
    expect(isSigned(delivery({ header: header.slice(0, -1), variants: ['base64'] }))).toBe(false)
  })

  it('base64: refuses another text that decodes to the same digest', () => {
    const header = createHmac('sha256', secret).update(json).digest('base64')
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    const last = alphabet[alphabet.indexOf(header[42] ?? '') + 1] ?? ''
    const twin = `${header.slice(0, 42)}${last}=`
    expect(Buffer.from(twin, 'base64')).toEqual(Buffer.from(header, 'base64'))
    expect(isSigned(delivery({ header: twin, variants: ['base64'] }))).toBe(false)
  })

  it('combines the variants that are switched on, and still accepts the documented form', () => {
    const variants = ['body', 'compact', 'base64'] as const
    const header = createHmac('sha256', secret).update(compact).digest('base64')
    const rawBody = Buffer.from(spaced)
    expect(matchSignature(delivery({ header, query, rawBody, variants }))?.form).toBe('body+compact+base64')
    const documented = delivery({ header: signed(`entityitem${spaced}`), query, rawBody, variants })
    expect(matchSignature(documented)?.form).toBe('documented')
  })
})

function isSigned(o: SignedDelivery): boolean {
  return matchSignature(o) !== null
}

function delivery(o: Partial<SignedDelivery>): SignedDelivery {
  return {
    header: undefined,
    secrets: [secret],
    query: [],
    contentType: jsonType,
    rawBody: Buffer.from(json),
    variants: [],
    ...o,
  }
}

function signed(text: string, key = secret): string {
  return createHmac('sha256', key).update(text).digest('hex')
}
