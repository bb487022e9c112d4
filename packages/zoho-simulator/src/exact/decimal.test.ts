import fc from 'fast-check'
import {
  compareDecimals,
  decimal,
  multiply,
  percentOf,
  roundTo,
  subtract,
  sum,
  whole,
  withPlaces,
} from './decimal.ts'

/** A decimal with its value in billionths, so that integers can check what the code computes. */
const amounts = fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }).map((billionths) => ({
  billionths,
  written: decimal(fromBillionths(billionths)),
}))

function fromBillionths(billionths: bigint): string {
  const digits = (billionths < 0n ? -billionths : billionths).toString().padStart(10, '0')
  return `${billionths < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`
}

function trimmed(digits: string): string {
  return digits.replace(/\.?0+$/, '')
}

describe('decimals', () => {
  it('keep the digits they were given', () => {
    expect(decimal('1.10').source).toBe('1.10')
    expect(decimal('-0').source).toBe('-0')
  })

  it.each(['', '.5', '01', '1.', '+1', '1e', 'NaN', '1 '])('refuse %p, which is no JSON number', (text) => {
    expect(() => decimal(text)).toThrow(RangeError)
  })

  it('refuse a whole number that a double may have changed', () => {
    expect(() => whole(2 ** 53)).toThrow(RangeError)
    expect(whole(30).source).toBe('30')
  })

  it('add and multiply what doubles get wrong', () => {
    expect(sum([decimal('0.1'), decimal('0.2')]).source).toBe('0.3')
    expect(multiply(decimal('1234567.89'), decimal('40.175')).source).toBe('49598764.98075')
    expect(subtract(decimal('1e3'), decimal('0.001')).source).toBe('999.999')
    expect(sum([decimal('12.50E-1')]).source).toBe('1.25')
  })

  it('add like integers, whatever the digits', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        const expected = fromBillionths(a.billionths + b.billionths)
        expect(sum([a.written, b.written]).source).toBe(trimmed(expected))
      }),
    )
  })

  it('multiply like integers, whatever the digits', () => {
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: -1000n, max: 1000n }), (a, factor) => {
        const expected = fromBillionths(a.billionths * factor)
        expect(multiply(a.written, decimal(factor.toString())).source).toBe(trimmed(expected))
      }),
    )
  })

  it('compare like integers, whatever the digits', () => {
    fc.assert(
      fc.property(amounts, amounts, (a, b) => {
        const expected = a.billionths < b.billionths ? -1 : a.billionths > b.billionths ? 1 : 0
        expect(compareDecimals(a.written, b.written)).toBe(expected)
      }),
    )
  })

  it.each([
    ['2.345', '2.35'],
    ['-2.345', '-2.35'],
    ['2.3449', '2.34'],
    ['1.005', '1.01'],
    ['7', '7'],
  ])('round %s to %s: half goes away from zero', (amount, rounded) => {
    expect(roundTo(decimal(amount), 2).source).toBe(rounded)
  })

  it('take a percentage to two places', () => {
    expect(percentOf(decimal('19.995'), decimal('2.5')).source).toBe('0.5')
    expect(percentOf(decimal('1.10'), decimal('15')).source).toBe('0.17')
  })

  it('show as many places as asked for, and never fewer than they have', () => {
    expect(withPlaces(decimal('174'), 1).source).toBe('174.0')
    expect(withPlaces(decimal('0.333'), 2).source).toBe('0.333')
    expect(withPlaces(decimal('-3.10'), 0).source).toBe('-3.1')
  })
})
