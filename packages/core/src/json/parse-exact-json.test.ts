import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { computingMs } from '@tds/runtime/testing'
import { exactJson, spelled } from '../testing/arbitrary-json.ts'
import { exactStringify } from './canonical-json.ts'
import { answerLimits, ExactNumber, storedLimits, type ExactJson } from './exact-json.ts'
import { parseExactJson, parseExactText } from './parse-exact-json.ts'
import { UnusableBody } from './unusable-body.ts'

describe('parseExactText', () => {
  it('reads every kind of value and keeps digits as sent', () => {
    const { value } = parseExactText(' {"a": [null, true, false, "x", -0, 1.10, 1E+2, 9007199254740993]} ')
    const numbers = ['-0', '1.10', '1E+2', '9007199254740993'].map((source) => new ExactNumber(source))
    expect(value).toEqual(objectOf({ a: [null, true, false, 'x', ...numbers] }))
  })

  it('reads back what exactStringify writes', () => {
    fc.assert(
      fc.property(exactJson, (value) => {
        expect(isDeepStrictEqual(parseExactText(exactStringify(value)).value, value)).toBe(true)
      }),
    )
  })

  it('agrees with the built-in parser whatever the blanks and escapes', () => {
    fc.assert(
      fc.property(exactJson.chain(spelled), (text) => {
        expect(isDeepStrictEqual(plain(parseExactText(text).value), plainCopy(JSON.parse(text)))).toBe(true)
      }),
    )
  })

  it('refuses every proper prefix of a text', () => {
    const closed = fc.oneof(fc.array(exactJson, { maxLength: 4 }), fc.string())
    fc.assert(
      fc.property(closed.chain(spelled), fc.nat(), (spelling, cut) => {
        const text = spelling.trim()
        expect(refusal(text.slice(0, cut % text.length))).toBeDefined()
      }),
    )
  })

  it('throws nothing but UnusableBody on mutated bytes, and accepts only what the built-in parser accepts', () => {
    const mutation = fc.tuple(fc.nat(), fc.constantFrom('set', 'insert', 'remove'), fc.nat(255))
    fc.assert(
      fc.property(
        exactJson.chain(spelled),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (text, mutations) => {
          const bytes = [...Buffer.from(text)]
          for (const [at, kind, byte] of mutations) {
            bytes.splice(
              at % (bytes.length + 1),
              kind === 'insert' ? 0 : 1,
              ...(kind === 'remove' ? [] : [byte]),
            )
          }
          const reason = refusalOfBytes(Uint8Array.from(bytes))
          const refused = ['empty', 'not_utf8', 'not_json'].includes(reason ?? '')
          if (reason === undefined || refused) expect(refused).toBe(!isJson(Uint8Array.from(bytes)))
        },
      ),
      { numRuns: 1000 },
    )
  })

  it.each([
    ['nothing', '', 'empty'],
    ['only blanks', ' \r\n\t', 'empty'],
    ['a form feed as a blank', '\f1', 'not_json'],
    ['a no-break space as a blank', '\u00a01', 'not_json'],
    ['two values', '1 2', 'not_json'],
    ['a closing bracket too many', '[1]]', 'not_json'],
    ['a trailing comma in an array', '[1,]', 'not_json'],
    ['a trailing comma in an object', '{"a":1,}', 'not_json'],
    ['a key without quotes', '{a:1}', 'not_json'],
    ['a single-quoted string', "'a'", 'not_json'],
    ['a comment', '[1/*2*/]', 'not_json'],
    ['a number with a leading zero', '01', 'not_json'],
    ['a number with a plus', '+1', 'not_json'],
    ['a number that begins with its point', '.5', 'not_json'],
    ['a number that ends with its point', '1.', 'not_json'],
    ['an exponent without digits', '1e', 'not_json'],
    ['a minus alone', '-', 'not_json'],
    ['a hexadecimal number', '0x1F', 'not_json'],
    ['NaN', 'NaN', 'not_json'],
    ['-Infinity', '-Infinity', 'not_json'],
    ['a word cut off', 'tru', 'not_json'],
    ['a word in capitals', 'True', 'not_json'],
    ['an unknown escape', '"\\x41"', 'not_json'],
    ['a unicode escape of three digits', '"\\u12g4"', 'not_json'],
    ['a raw line feed in a string', '"a\nb"', 'not_json'],
    ['a raw NUL in a string', '"a\u0000b"', 'not_json'],
    ['a raw NUL after an escape', '"\\n\u0000"', 'not_json'],
    ['a string cut in an escape', '"\\', 'not_json'],
    ['a second byte-order mark', '\ufeff\ufeff1', 'not_json'],
  ])('refuses %s', (_, text, reason) => {
    expect(refusal(text)).toBe(reason)
  })

  it('says where a text stops being JSON and repeats nothing of it', () => {
    const error = thrownBy(() => parseExactText('{"secret": hunter2}'))
    expect(error.message).toBe('The body is not JSON: unexpected character at position 11.')
    expect(error).toMatchObject({ code: 'not_json', disposition: 'reject', facts: { position: 11 } })
  })
})

describe('parseExactText on keys', () => {
  it.each([
    ['plain', '{"a":1,"b":2,"a":1}'],
    ['nested', '[{"x":{"a":null,"a":null}}]'],
    ['written with an escape', '{"a":1,"\\u0061":2}'],
    ['equal only after NUL was replaced', '{"\\u0000":1,"\ufffd":2}'],
    ['equal only after half a pair was replaced', '{"\\ud800":1,"\\udfff":2}'],
    ['__proto__', '{"__proto__":1,"__proto__":2}'],
    ['an index', '{"7":1,"7":2}'],
  ])('refuses a repeated key: %s', (_, text) => {
    expect(refusal(text)).toBe('duplicate_key')
  })

  it('allows the same key in different objects', () => {
    expect(refusal('{"a":{"a":[{"a":1},{"a":2}]}}')).toBeUndefined()
  })

  it('keeps keys apart that differ only in their Unicode form', () => {
    expect(Object.keys(parseExactText('{"\u00e9":1,"e\u0301":2}').value as object)).toHaveLength(2)
  })

  it('names the repeated key, escaped and cut short', () => {
    const key = `\n${'k'.repeat(5000)}`
    const error = thrownBy(() =>
      parseExactText(JSON.stringify({ [key]: 1 }).replace('}', `,${JSON.stringify(key)}:2}`)),
    )
    expect(error.message).toContain('"\\nkkk')
    expect(error.message.length).toBeLessThan(120)
  })

  it('takes inherited names as plain data', () => {
    const { value } = parseExactText(
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    )
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor'])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})

describe('parseExactText within its limits', () => {
  it('accepts 64 levels and refuses the 65th, of arrays and of objects', () => {
    expect(refusal('['.repeat(64) + ']'.repeat(64))).toBeUndefined()
    expect(refusal('['.repeat(65) + ']'.repeat(65))).toBe('too_deep')
    expect(refusal('{"a":'.repeat(64) + '1' + '}'.repeat(64))).toBeUndefined()
    expect(refusal('{"a":'.repeat(65) + '1' + '}'.repeat(65))).toBe('too_deep')
  })

  it.each([5_000, 100_000])('refuses %i levels at once', (levels) => {
    const computing = computingMs(() => {
      expect(refusal('['.repeat(levels) + ']'.repeat(levels))).toBe('too_deep')
      expect(refusal('{"a":'.repeat(levels))).toBe('too_deep')
    })
    expect(computing).toBeLessThan(1000)
  })

  it('accepts 10,000 keys over all objects and refuses one more', () => {
    expect(refusal(manyObjects(10_000))).toBeUndefined()
    expect(refusal(manyObjects(10_001))).toBe('too_many_keys')
    expect(refusal(manyObjects(10_001), answerLimits)).toBeUndefined()
  })

  it('accepts 25,000 values in all, itself and its lists included, and refuses one more', () => {
    const list = (values: number): string => `[[${Array.from({ length: values - 2 }, () => '1').join(',')}]]`
    expect(refusal(list(25_000))).toBeUndefined()
    expect(refusal(list(25_001))).toBe('too_many_keys')
    expect(refusal(list(25_001), answerLimits)).toBeUndefined()
  })

  it('refuses 200,000 keys without blocking', () => {
    const text = `{${Array.from({ length: 200_000 }, (_, index) => `"${index.toString(36)}":1`).join(',')}}`
    const computing = computingMs(() => {
      expect(refusal(text)).toBe('too_many_keys')
    })
    expect(computing).toBeLessThan(200)
  })

  it.each([
    ['100 digits', '9'.repeat(100), undefined],
    ['101 digits', '9'.repeat(101), 'number_range'],
    ['100 digits around the point', `-${'9'.repeat(50)}.${'9'.repeat(50)}`, undefined],
    ['101 digits around the point', `${'9'.repeat(50)}.${'9'.repeat(51)}`, 'number_range'],
    ['exponent 100', '1e100', undefined],
    ['exponent -100 with leading zeros', '1E-0000100', undefined],
    ['exponent 101', '1e101', 'number_range'],
    ['exponent -101', '1e-101', 'number_range'],
    ['an exponent too large for a double', '1e400', 'number_range'],
    ['an exponent too large for Postgres', '1e131072', 'number_range'],
    ['an exponent too small for Postgres', '123e-10000000', 'number_range'],
    ['an exponent of 5,000 digits', `1e${'9'.repeat(5000)}`, 'number_range'],
  ])('takes a number of %s as promised', (_, source, reason) => {
    expect(refusal(source)).toBe(reason)
  })

  it('reads what Postgres makes of the longest numbers that a delivery may bring', () => {
    const wide = `1${'0'.repeat(100)}`
    expect(refusal(wide)).toBe('number_range')
    expect(refusal(wide, storedLimits)).toBeUndefined()
    expect(refusal('9'.repeat(100) + '0'.repeat(100), storedLimits)).toBeUndefined()
    expect(refusal(`0.${'0'.repeat(100)}${'9'.repeat(100)}`, storedLimits)).toBeUndefined()
  })

  it('reads a megabyte of anything in linear time', () => {
    const texts = [
      `"${'\\u00e9'.repeat(170_000)}"`,
      `"${'x'.repeat(1_000_000)}"`,
      `[${'0,'.repeat(500_000)}0]`,
    ]
    const computing = computingMs(() => {
      for (const text of texts) expect(refusal(text, answerLimits)).toBeUndefined()
    })
    expect(computing).toBeLessThan(2000)
  })
})

describe('parseExactJson', () => {
  it.each([
    ['a byte that never occurs', [0x22, 0xff, 0x22]],
    ['a sequence cut off', [0x22, 0xc3, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['half a surrogate pair as bytes', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a code point beyond the last', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['UTF-16 with its mark', [0xff, 0xfe, 0x31, 0x00]],
  ])('refuses bytes that are not UTF-8: %s', (_, bytes) => {
    expect(refusalOfBytes(Uint8Array.from(bytes))).toBe('not_utf8')
  })

  it('removes one byte-order mark and says so', () => {
    expect(parseExactJson(Buffer.from('\ufeff{"a":1}'))).toMatchObject({ text: '{"a":1}', flags: ['bom'] })
    expect(refusalOfBytes(Buffer.from('\ufeff'))).toBe('empty')
  })

  it('replaces NUL in values and keys and says so', () => {
    const { value, flags } = parseExactJson(Buffer.from('{"a\\u0000b":"c\\u0000"}'))
    expect(value).toEqual(objectOf({ 'a\ufffdb': 'c\ufffd' }))
    expect(flags).toEqual(['nul_replaced'])
  })

  it('makes half pairs well-formed and says so, but keeps whole pairs', () => {
    const { value, flags } = parseExactJson(Buffer.from('{"\\ud83d":"\\udE00x","ok":"\\ud83d\\ude00"}'))
    expect(value).toEqual(objectOf({ '\ufffd': '\ufffdx', ok: '😀' }))
    expect(flags).toEqual(['surrogate_replaced'])
  })

  it('takes a body as sound when nothing was put right', () => {
    expect(parseExactJson(Buffer.from('{"name":"ثوب كتّان \u202e\u200b"}')).flags).toEqual([])
  })
})

describe('parseExactText on text that is not well-formed', () => {
  it('replaces a raw half pair and says so', () => {
    expect(parseExactText('"\ud83d"')).toMatchObject({ value: '\ufffd', flags: ['surrogate_replaced'] })
  })
})

function refusal(
  text: string,
  limits = undefined as Parameters<typeof parseExactText>[1],
): string | undefined {
  return reasonOf(() => parseExactText(text, limits))
}

function refusalOfBytes(bytes: Uint8Array): string | undefined {
  return reasonOf(() => parseExactJson(bytes))
}

function reasonOf(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof UnusableBody) return error.reason
    throw error
  }
}

function thrownBy(read: () => unknown): UnusableBody {
  try {
    read()
  } catch (error) {
    if (error instanceof UnusableBody) return error
  }
  throw new Error('Expected an UnusableBody.')
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return true
  } catch {
    return false
  }
}

function manyObjects(keys: number): string {
  return `[${Array.from({ length: keys }, () => '{"a":1}').join(',')}]`
}

function objectOf(members: Record<string, ExactJson>): ExactJson {
  return Object.assign(Object.create(null) as Record<string, ExactJson>, members)
}

function plain(value: ExactJson): unknown {
  if (value instanceof ExactNumber) return Number(value.source)
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return new Map(Object.entries(value).map(([key, member]) => [key, plain(member)]))
}

function plainCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainCopy)
  if (value === null || typeof value !== 'object') return value
  return new Map(Object.entries(value).map(([key, member]) => [key, plainCopy(member)]))
}
