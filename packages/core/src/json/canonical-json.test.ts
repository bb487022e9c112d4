import fc from 'fast-check'
import { exactJson, exactObject, spelled } from '../testing/arbitrary-json.ts'
import { canonicalJson, exactStringify } from './canonical-json.ts'
import { storedLimits, type ExactJson, type ExactObject } from './exact-json.ts'
import { parseExactText } from './parse-exact-json.ts'
import { sha256Hex } from './sha256.ts'
import { UnusableBody } from './unusable-body.ts'

describe('canonicalJson against the vectors of RFC 8785', () => {
  it('sorts keys by UTF-16 code units (section 3.2.3)', () => {
    const text = String.raw`{
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis"
    }`
    expect(canonical(text)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis",' +
        '"\u20ac":"Euro Sign","\ud83d\ude00":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    )
  })

  it('writes strings and literals as in section 3.2.2', () => {
    const text = String.raw`{
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`
    expect(canonical(text)).toBe(String.raw`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`)
  })

  it('escapes control characters in the two ways of section 3.2.2.2 and nothing else', () => {
    const controls = Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)).join('')
    expect(canonicalJson(controls)).toBe(
      String.raw`"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f` +
        String.raw`\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"`,
    )
    expect(canonicalJson('\u007f\u2028\u2029/é😀')).toBe('"\u007f\u2028\u2029/é😀"')
  })

  it.each([
    '0',
    '9007199254740992',
    '-9007199254740992',
    '295147905179352830000',
    '999999999999999700000',
    '999999999999999900000',
    '0.000001',
    '333333333.3333332',
    '333333333.33333325',
    '333333333.3333333',
    '333333333.3333334',
    '333333333.33333343',
    '-0.0000033333333333333333',
    '1424953923781206.2',
  ])('writes the number %s of appendix B as the RFC does', (number) => {
    expect(canonical(number)).toBe(number)
  })

  it.each([
    ['4.50', '4.5'],
    ['2e-3', '0.002'],
    ['-0', '0'],
  ])('writes %s as %s, as the RFC does', (number, normal) => {
    expect(canonical(number)).toBe(normal)
  })

  it.each(['NaN', 'Infinity'])('refuses %s, as the RFC does', (number) => {
    expect(() => canonical(number)).toThrow(UnusableBody)
  })

  it.each(deviations())('writes $number as $ours, not $rfc, because $reason', ({ number, ours, rfc }) => {
    expect(canonical(number)).toBe(ours)
    // What the RFC asks for is what ECMAScript prints for the nearest double.
    expect(String(Number(number))).toBe(rfc)
  })

  it.each(['5e-324', '-5e-324', '1.7976931348623157e+308', '-1.7976931348623157e+308'])(
    'refuses %s of appendix B, because exponents beyond ±100 are out of range',
    (number) => {
      expect(() => canonical(number)).toThrow(expect.objectContaining({ reason: 'number_range' }))
    },
  )
})

describe('canonicalJson', () => {
  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(exactObject(exactJson), fc.infiniteStream(fc.nat()), (object, choices) => {
        const shuffled = Object.create(null) as ExactObject
        const keys = Object.keys(object)
        while (keys.length > 0) {
          const [key = ''] = keys.splice((choices.next().value as number) % keys.length, 1)
          shuffled[key] = object[key] ?? null
        }
        expect(canonicalJson(shuffled)).toBe(canonicalJson(object))
      }),
    )
  })

  it('does not depend on blanks and escapes', () => {
    fc.assert(
      fc.property(
        exactJson.chain((value) => fc.tuple(fc.constant(value), spelled(value))),
        ([value, text]) => {
          expect(canonical(text)).toBe(canonicalJson(value))
        },
      ),
    )
  })

  it('is its own canonical form', () => {
    fc.assert(
      fc.property(exactJson, (value) => {
        const once = canonicalJson(value)
        expect(canonicalJson(parseExactText(once, storedLimits).value)).toBe(once)
      }),
    )
  })

  it('hashes alike exactly what has the same canonical form', () => {
    fc.assert(
      fc.property(exactJson, exactJson, (left, right) => {
        const same = canonicalJson(left) === canonicalJson(right)
        expect(hashOf(exactStringify(left)) === hashOf(exactStringify(right))).toBe(same)
      }),
    )
  })

  it('tells ids of 19 digits apart that are one double', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 10n ** 18n, max: 10n ** 19n - 2n }), (id) => {
        expect(hashOf(`{"id":${id.toString()}}`)).not.toBe(hashOf(`{"id":${(id + 1n).toString()}}`))
      }),
    )
    expect(Number('5739140000001010141')).toBe(Number('5739140000001010142'))
  })

  it('takes equal amounts in other spellings as equal', () => {
    expect(hashOf('{"rate":1.10,"total":1e2}')).toBe(hashOf('{"total":100.00,"rate":1.1}'))
  })

  it('tells text from numbers, and Unicode forms from each other', () => {
    expect(hashOf('"1"')).not.toBe(hashOf('1'))
    expect(hashOf('"\u00e9"')).not.toBe(hashOf('"e\u0301"'))
  })
})

describe('exactStringify', () => {
  it('writes numbers as they were sent and keys in their order', () => {
    const text = '{"b":-0,"a":[1.10,1E+2,"\\u001f\u2028"],"__proto__":null}'
    expect(exactStringify(parseExactText(text).value)).toBe(text)
  })
})

describe('sha256Hex', () => {
  it('digests text as UTF-8, and bytes as they are', () => {
    expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(sha256Hex('é')).toBe(sha256Hex(Buffer.from([0xc3, 0xa9])))
  })
})

/** Numbers of RFC 8785 (section 3.2.2 and appendix B) that we write differently on purpose. */
function deviations(): { number: string; rfc: string; ours: string; reason: string }[] {
  const exponent = 'the normal form has no exponents'
  return [
    {
      number: '333333333.33333329',
      rfc: '333333333.3333333',
      ours: '333333333.33333329',
      reason: 'a digit beyond the double is kept',
    },
    { number: '1E30', rfc: '1e+30', ours: `1${'0'.repeat(30)}`, reason: exponent },
    {
      number: '0.000000000000000000000000001',
      rfc: '1e-27',
      ours: '0.000000000000000000000000001',
      reason: exponent,
    },
    { number: '1e+21', rfc: '1e+21', ours: `1${'0'.repeat(21)}`, reason: exponent },
    {
      number: '9.999999999999997e+22',
      rfc: '9.999999999999997e+22',
      ours: '99999999999999970000000',
      reason: exponent,
    },
    { number: '1e+23', rfc: '1e+23', ours: `1${'0'.repeat(23)}`, reason: exponent },
    {
      number: '1.0000000000000001e+23',
      rfc: '1.0000000000000001e+23',
      ours: '100000000000000010000000',
      reason: exponent,
    },
    {
      number: '9.999999999999997e-7',
      rfc: '9.999999999999997e-7',
      ours: '0.0000009999999999999997',
      reason: exponent,
    },
  ]
}

function canonical(text: string): string {
  return canonicalJson(parseExactText(text).value)
}

function hashOf(text: string): string {
  const value: ExactJson = parseExactText(text).value
  return sha256Hex(canonicalJson(value))
}
