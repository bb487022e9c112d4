import fc from 'fast-check'
import { z } from 'zod'
import {
  atLeastOneOf,
  byteSize,
  enumListOf,
  enumOf,
  fieldMeta,
  integer,
  port,
  sealingKeys,
  secret,
  secretList,
  timeZone,
  urlOf,
} from './config-fields.ts'

function accepts(field: z.ZodType, text: string | undefined): boolean {
  return field.safeParse(text).success
}

describe('port', () => {
  it('takes whole numbers up to 65535, and its default', () => {
    expect(port(8001).parse('65535')).toBe(65_535)
    expect(port(8001).parse('0')).toBe(0)
    expect(port(8001).parse(undefined)).toBe(8001)
  })

  it.each(['65536', '-1', '80a', '8e3', ' 80', '80.5', '0x50'])('refuses %j', (text) => {
    expect(accepts(port(1), text)).toBe(false)
  })
})

describe('integer', () => {
  it('keeps within its bounds', () => {
    const field = integer({ min: 1, max: 10 })
    expect(field.parse('10')).toBe(10)
    expect(accepts(field, '11')).toBe(false)
    expect(accepts(field, '0')).toBe(false)
    expect(accepts(field, undefined)).toBe(false)
  })

  it('reads back every number in its range as it was written', () => {
    const field = integer({ min: -1_000_000, max: 1_000_000 })
    fc.assert(
      fc.property(fc.integer({ min: -1_000_000, max: 1_000_000 }), (value) => {
        expect(field.parse(String(value))).toBe(value)
      }),
    )
  })
})

describe('byteSize', () => {
  it.each([
    ['1mb', 1_048_576],
    ['512kb', 524_288],
    ['1GB', 1_073_741_824],
    ['4096', 4096],
    ['10 b', 10],
  ])('reads %s as %d bytes', (text, bytes) => {
    expect(byteSize('1mb').parse(text)).toBe(bytes)
  })

  it.each(['1m', '0', '-1kb', '1.5mb', 'mb', '1tb', '999999999999gb'])('refuses %j', (text) => {
    expect(accepts(byteSize('1mb'), text)).toBe(false)
  })

  it('takes its default in the same form, and refuses one that is none', () => {
    expect(byteSize('2kb').parse(undefined)).toBe(2048)
    expect(fieldMeta(byteSize('2kb')).default).toBe('2kb')
    expect(() => byteSize('much')).toThrow('not a size: much')
  })
})

describe('secretList', () => {
  it('splits at commas and is empty when unset', () => {
    expect(secretList().parse('first, second')).toEqual(['first', 'second'])
    expect(secretList().parse(undefined)).toEqual([])
  })

  it.each([',', 'a,', ',a', 'a,,b', ' '])('refuses %j, which holds an empty secret', (text) => {
    expect(accepts(secretList(), text)).toBe(false)
  })
})

describe('sealingKeys', () => {
  const key = '0f1e'.repeat(16)
  const former = 'ab12'.repeat(16)

  it('gives the bytes of one key or of several, the sealing one first', () => {
    expect(sealingKeys().parse(key)).toEqual([Buffer.from(key, 'hex')])
    expect(sealingKeys().parse(`${key}, ${former}`)).toEqual([
      Buffer.from(key, 'hex'),
      Buffer.from(former, 'hex'),
    ])
  })

  it.each([
    key.slice(2),
    `${key}0f`,
    'zz'.repeat(32),
    `${key},`,
    `${key},${former.slice(2)}`,
    '',
    '00'.repeat(32),
  ])('refuses %j', (text) => {
    expect(accepts(sealingKeys(), text)).toBe(false)
  })
})

describe('urlOf', () => {
  it('gives the address as written', () => {
    expect(urlOf('https').parse('https://accounts.zoho.eu')).toBe('https://accounts.zoho.eu')
    expect(urlOf('postgres').parse('postgres:///tds?host=/run/postgresql')).toBe(
      'postgres:///tds?host=/run/postgresql',
    )
  })

  it.each(['ftp://host', 'host', '//host', '', 'javascript:alert(1)'])('refuses %j', (text) => {
    expect(accepts(urlOf('https', 'http'), text)).toBe(false)
  })
})

describe('enumOf and enumListOf', () => {
  it('take the words and nothing else', () => {
    expect(enumOf('us', 'eu').parse('eu')).toBe('eu')
    expect(accepts(enumOf('us', 'eu'), 'EU')).toBe(false)
    expect(enumListOf('body', 'compact').parse('compact, body')).toEqual(['compact', 'body'])
    expect(enumListOf('body', 'compact').parse(undefined)).toEqual([])
    expect(accepts(enumListOf('body', 'compact'), 'body,other')).toBe(false)
  })
})

describe('timeZone', () => {
  it('takes names of the time zone database', () => {
    expect(timeZone().parse('Asia/Baghdad')).toBe('Asia/Baghdad')
    expect(accepts(timeZone(), 'Asia/Bagdad-ish')).toBe(false)
  })
})

describe('fieldMeta', () => {
  it('keeps what a builder said through everything that is chained onto it', () => {
    expect(fieldMeta(secret().optional().describe('The key.'))).toEqual({
      secret: true,
      expected: 'a secret',
      description: 'The key.',
    })
    expect(fieldMeta(secret().min(12).describe('The key.'))).toMatchObject({
      secret: true,
      description: 'The key.',
    })
    expect(fieldMeta(port(80).describe('The port.'))).toMatchObject({
      default: '80',
      description: 'The port.',
    })
    expect(fieldMeta(enumOf('a', 'b').default('b'))).toMatchObject({ default: 'b', expected: 'a or b' })
  })

  it('is empty for a field that says nothing', () => {
    expect(fieldMeta(z.string())).toEqual({})
  })
})

describe('atLeastOneOf', () => {
  const schema = z
    .object({ KEYS: secretList(), SECRETS: secretList(), PORT: port(1) })
    .check(atLeastOneOf('KEYS', 'SECRETS'))

  it('is content with one', () => {
    expect(schema.safeParse({ SECRETS: 'x' }).success).toBe(true)
  })

  it('names all of them when none is set, also beside other problems', () => {
    const issues = schema.safeParse({ PORT: 'x' }).error?.issues ?? []
    expect(issues.map((issue) => issue.path[0])).toEqual(['PORT', 'KEYS'])
    expect(issues[1]?.message).toBe('not set; at least one of KEYS, SECRETS is needed')
  })

  it('says nothing when one was given but is wrong', () => {
    expect(schema.safeParse({ SECRETS: ',' }).error?.issues).toHaveLength(1)
  })
})
