import fc from 'fast-check'
import { computingMs } from '@tds/runtime/testing'
import { numberSource } from '../testing/arbitrary-json.ts'
import { normalDecimal } from './normal-decimal.ts'

describe('normalDecimal', () => {
  it.each([
    ['0', '0'],
    ['-0', '0'],
    ['-0.000', '0'],
    ['0e100', '0'],
    ['1.10', '1.1'],
    ['1.0', '1'],
    ['100', '100'],
    ['1e2', '100'],
    ['1E+02', '100'],
    ['1.5e1', '15'],
    ['1.55e1', '15.5'],
    ['12e-1', '1.2'],
    ['120e-1', '12'],
    ['1e-3', '0.001'],
    ['-0.0010', '-0.001'],
    ['0.1', '0.1'],
    ['9007199254740993', '9007199254740993'],
    ['573914000000101014', '573914000000101014'],
    ['1e100', `1${'0'.repeat(100)}`],
    ['1e-100', `0.${'0'.repeat(99)}1`],
  ])('writes %s as %s', (source, normal) => {
    expect(normalDecimal(source)).toBe(normal)
  })

  it('keeps the value, by integer arithmetic', () => {
    fc.assert(
      fc.property(numberSource, (source) => {
        expect(scaled(normalDecimal(source))).toBe(scaled(source))
      }),
    )
  })

  it('changes nothing when applied again', () => {
    fc.assert(
      fc.property(numberSource, (source) => {
        expect(normalDecimal(normalDecimal(source))).toBe(normalDecimal(source))
      }),
    )
  })

  it('gives the same form exactly to equal values', () => {
    fc.assert(
      fc.property(numberSource, numberSource, (left, right) => {
        expect(normalDecimal(left) === normalDecimal(right)).toBe(scaled(left) === scaled(right))
      }),
    )
  })

  it.each([
    '',
    ' 1',
    '1 ',
    '+1',
    '01',
    '-01',
    '.5',
    '1.',
    '1e',
    '1e+',
    '--1',
    '0x1',
    '1_000',
    '١',
    'NaN',
    'None',
    '1\n',
  ])('refuses %j, which is no JSON number', (source) => {
    expect(() => normalDecimal(source)).toThrow(RangeError)
  })

  it('takes 100 significant digits and refuses one more, wherever the point is', () => {
    expect(normalDecimal('9'.repeat(100))).toBe('9'.repeat(100))
    expect(normalDecimal(`0.${'9'.repeat(100)}`)).toBe(`0.${'9'.repeat(100)}`)
    expect(() => normalDecimal('9'.repeat(101))).toThrow(RangeError)
    expect(() => normalDecimal(`-9.${'9'.repeat(100)}`)).toThrow(RangeError)
  })

  it.each([
    '1e101',
    '1e-101',
    '1e400',
    '0e101',
    `1e${'9'.repeat(1000)}`,
    `1${'0'.repeat(200)}`,
    `0.${'0'.repeat(200)}1`,
  ])('refuses %s, which is out of range', (source) => {
    expect(() => normalDecimal(source)).toThrow(RangeError)
  })

  it('refuses a megabyte of digits at once', () => {
    const computing = computingMs(() => {
      expect(() => normalDecimal('1'.repeat(1_000_000))).toThrow(RangeError)
      expect(() => normalDecimal(`1${'0'.repeat(1_000_000)}x`)).toThrow(RangeError)
    })
    expect(computing).toBeLessThan(1000)
  })
})

/** The value times 10^200, as an integer; every source under test has fewer places. */
function scaled(source: string): bigint {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return (
    BigInt(whole.replace('-', '') + fraction) *
    10n ** BigInt(200 + Number(exponent) - fraction.length) *
    signOf(source)
  )
}

function signOf(source: string): bigint {
  return source.startsWith('-') ? -1n : 1n
}
