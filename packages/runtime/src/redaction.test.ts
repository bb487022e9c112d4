import { AxiosError, AxiosHeaders } from 'axios'
import fc from 'fast-check'
import { TdsError } from './errors.ts'
import {
  isPersonalKey,
  isSecretKey,
  redactError,
  redactText,
  redactValue,
  registerSecret,
} from './redaction.ts'
import { computingMs } from './testing/index.ts'

const canary = 'S3cr3t/Canary+value="x"'
registerSecret(canary)

describe('redactText', () => {
  it('blots out a registered secret wherever it stands, also URL-encoded or JSON-escaped', () => {
    const texts = [canary, `before${canary}after`, encodeURIComponent(canary), JSON.stringify({ a: canary })]
    for (const text of texts) {
      expect(redactText(text)).toContain('[redacted]')
      expect(redactText(text)).not.toMatch(/Canary/)
    }
  })

  it('finds a registered secret at any place of any text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(redactText(`${before}${canary}${after}`)).not.toContain(canary)
      }),
    )
  })

  it('does not let a cut reveal half a secret', () => {
    for (let shift = 0; shift <= canary.length; shift += 1) {
      const text = `${'x'.repeat(32_768 - shift)}${canary}${'y'.repeat(100)}`
      expect(redactText(text)).not.toMatch(/S3c/)
    }
  })

  it('ignores values too short to be told from chance', () => {
    registerSecret('abc')
    expect(redactText('abc')).toBe('abc')
  })

  it.each([
    ['postgres://tds:pw-canary@db:5432/tds', 'postgres://[redacted]@db:5432/tds'],
    ['smtp://user@example.com:pw-canary@mail/', 'smtp://[redacted]@mail/'],
    ['Authorization: Bearer tok-canary', 'Authorization: Bearer [redacted]'],
    ['sent Zoho-oauthtoken 1000.canary.x', 'sent Zoho-oauthtoken [redacted]'],
    ['POST /token?refresh_token=canary&grant_type=x', 'POST /token?refresh_token=[redacted]&grant_type=x'],
    ['client_secret=canary', 'client_secret=[redacted]'],
    ['/webhooks/items?key=canary&organization_id=1', '/webhooks/items?key=[redacted]&organization_id=1'],
    ['{"access_token":"canary","expires_in":3600}', '{"access_token":"[redacted]","expires_in":3600}'],
    ['"{\\"password\\":\\"canary\\"}"', '"{\\"password\\":\\"[redacted]\\"}"'],
    ['Cookie: session=canary; other=canary', 'Cookie: [redacted]'],
    ['x-webhook-key: canary', 'x-webhook-key: [redacted]'],
    ['Key (email)=(canary@example.com) already exists', 'Key (email)=([masked]) already exists'],
    ['Kunde müller@müller.example', 'Kunde [masked]'],
  ])('takes the credentials out of %j', (text, expected) => {
    expect(redactText(text)).toBe(expected)
  })

  it.each([
    'at run (/srv/node_modules/.pnpm/pg-boss@12.38.0/node_modules/pg-boss/src/boss.js:1:2)',
    'the signature is missing',
    'token refreshed for organization 10234695',
    'https://www.zohoapis.eu/books/v3/invoices?page=2',
    'invoice 982000000567114 is stale',
  ])('leaves %j as it is', (text) => {
    expect(redactText(text)).toBe(text)
  })

  it.each(['a', '@', 'a@', 'a.', '://', 'token=', '"token":"', 'Bearer ', '\u0000'])(
    'is quick with a giant text made of %j',
    (piece) => {
      const text = piece.repeat(1_000_000)
      expect(computingMs(() => redactText(text))).toBeLessThan(1000)
    },
  )
})

describe('isSecretKey', () => {
  it.each(
    'authorization Authorization token refresh_token accessToken ZOHO_CLIENT_SECRET webhookSecrets password PGPASSWORD passwordHash key apiKey api_key x-api-key X-Webhook-Key X-Zoho-Webhook-Signature signature cookie set-cookie TDS_ENCRYPTION_KEY privateKey WEBHOOK_API_KEYS credentials'.split(
      ' ',
    ),
  )('takes %s for one', (key) => {
    expect(isSecretKey(key)).toBe(true)
  })

  it.each(
    'idempotencyKey foldKey singleton_key primaryKey signatureVerified tokenAgeSeconds tokensCount secretCount ZOHO_SIGNATURE_VARIANTS monkey keyboard name id status'.split(
      ' ',
    ),
  )('does not take %s for one', (key) => {
    expect(isSecretKey(key)).toBe(false)
  })
})

describe('isPersonalKey', () => {
  it.each(
    'email emailAddress phone mobile billing_address shippingAddress contact_persons first_name'.split(' '),
  )('takes %s for personal', (key) => {
    expect(isPersonalKey(key)).toBe(true)
  })

  it.each('remoteAddress ipAddress emailCount name host'.split(' '))(
    'does not take %s for personal',
    (key) => {
      expect(isPersonalKey(key)).toBe(false)
    },
  )
})

describe('redactValue', () => {
  it('hides what stands under secret and personal keys, at any depth', () => {
    expect(
      redactValue({
        request: {
          headers: { Authorization: 'canary', accept: 'json' },
          body: [{ client_secret: { a: 'canary' } }],
        },
        customer: { email: 'canary', phone: 12_345, billing_address: { street: 'canary' }, zohoId: '42' },
      }),
    ).toEqual({
      request: {
        headers: { Authorization: '[redacted]', accept: 'json' },
        body: [{ client_secret: '[redacted]' }],
      },
      customer: { email: '[masked]', phone: '[masked]', billing_address: '[masked]', zohoId: '42' },
    })
  })

  it('blots out a registered secret in keys and values', () => {
    expect(JSON.stringify(redactValue({ [canary]: [`x ${canary}`] }))).not.toContain('Canary')
  })

  it('keeps what gives nothing away', () => {
    const facts = { token: 'set', secret: 'unset', password: null, signature: true, count: 3 }
    expect(redactValue(facts)).toEqual(facts)
  })

  it('survives cycles, depth, width and things that throw', () => {
    const cycle: Record<string, unknown> = { name: 'cycle' }
    cycle['self'] = cycle
    const deep = Array.from({ length: 100 }).reduce<unknown>((inner) => ({ inner }), 'bottom')
    const hostile = {
      get bad(): string {
        throw new Error('getter')
      },
    }
    const wide = Array.from({ length: 250 }, (_, index) => index)
    const value = redactValue({ cycle, deep, hostile, wide, revoked: revokedProxy() }) as Record<
      string,
      unknown
    >
    expect(value['cycle']).toEqual({ name: 'cycle', self: '[circular]' })
    expect(JSON.stringify(value['deep'])).toContain('[deeper]')
    expect(value['hostile']).toBe('[unreadable]')
    expect(value['wide']).toHaveLength(101)
    expect(value['revoked']).toBe('[unreadable]')
  })

  it('tells the same object twice when it is no cycle', () => {
    const shared = { a: 1 }
    expect(redactValue([shared, shared])).toEqual([shared, shared])
  })

  it('gives every kind of value a plain form', () => {
    class Client {
      readonly password = 'canary'
    }
    expect(
      redactValue({
        big: 12n,
        nan: Number.NaN,
        date: new Date('2026-01-02T03:04:05Z'),
        invalid: new Date(Number.NaN),
        bytes: Buffer.from('canary'),
        set: new Set(['a']),
        map: new Map<unknown, unknown>([['token', 'canary']]),
        url: new URL('https://user:canary@host/'),
        callback: () => 'canary',
        symbol: Symbol('canary'),
        client: new Client(),
        bare: Object.assign(Object.create(null) as object, { a: 1 }),
        absent: undefined,
      }),
    ).toEqual({
      big: '12',
      nan: 'NaN',
      date: '2026-01-02T03:04:05.000Z',
      invalid: 'invalid date',
      bytes: '[6 bytes]',
      set: ['a'],
      map: { token: '[redacted]' },
      url: 'https://[redacted]@host/',
      callback: '[function]',
      symbol: '[symbol]',
      client: '[Client]',
      bare: { a: 1 },
    })
  })

  it('writes a negative zero as JSON does', () => {
    expect(redactValue({ drift: -0 })).toEqual({ drift: 0 })
  })

  it('makes plain JSON of anything at all', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
        (value) => {
          const safe = redactValue(value)
          expect(JSON.parse(JSON.stringify(safe))).toEqual(safe)
        },
      ),
    )
  })
})

describe('redactError', () => {
  it('tells code, decision and causes', () => {
    const error = new TdsError('Zoho did not answer', {
      code: 'transport',
      disposition: 'retry',
      nextStep: 'Wait.',
      facts: { host: 'books', token: 'canary' },
      cause: Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }),
    })
    expect(redactError(error)).toMatchObject({
      name: 'TdsError',
      code: 'transport',
      message: 'Zoho did not answer',
      disposition: 'retry',
      nextStep: 'Wait.',
      facts: { host: 'books', token: '[redacted]' },
      stack: expect.stringMatching(/^ {4}at /),
      cause: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    })
  })

  it('never dumps what hangs on an error of axios or pg', () => {
    const config = { headers: new AxiosHeaders({ Authorization: 'canary' }), data: 'canary' }
    const axiosError = new AxiosError('Request failed', 'ERR_BAD_RESPONSE', config)
    const pgError = Object.assign(new Error('duplicate key value'), {
      code: '23505',
      detail: 'Key (email)=(canary) already exists.',
      client: { connectionParameters: { password: 'canary' } },
    })
    const told = JSON.stringify([
      redactError(axiosError),
      redactError(pgError),
      redactValue({ axiosError, pgError }),
    ])
    expect(told).toContain('23505')
    expect(told).toContain('ERR_BAD_RESPONSE')
    expect(told).not.toContain('canary')
  })

  it('tells the errors inside an aggregate, and survives a cause that is itself', () => {
    const error = new AggregateError([new Error('first'), new Error('second')], 'both failed')
    error.cause = error
    expect(redactError(error)).toMatchObject({ errors: [{ message: 'first' }, { message: 'second' }] })
  })

  it('takes whatever was thrown', () => {
    expect(redactError(`text with ${canary}`)).toEqual({
      name: 'NotAnError',
      message: 'text with [redacted]',
    })
    expect(redactError(undefined)).toEqual({ name: 'NotAnError', message: 'thrown: undefined' })
  })
})

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
