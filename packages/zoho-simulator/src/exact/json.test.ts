import fc from 'fast-check'
import { Decimal, decimal } from './decimal.ts'
import { isJsonObject, readJson, writeJson, type Json } from './json.ts'

describe('writeJson', () => {
  it('writes every number in the digits that it holds', () => {
    const rates = ['0.1', '1.10', '174.0', '1234567.89', '460320000010198665', '1e2', '-0'].map(decimal)
    expect(writeJson({ rates })).toBe('{"rates":[0.1,1.10,174.0,1234567.89,460320000010198665,1e2,-0]}')
  })

  it('refuses a double, because its digits may not be the ones meant', () => {
    expect(() => writeJson({ rate: 0.1 })).toThrow('0.1')
    expect(() => writeJson(2 ** 53)).toThrow(RangeError)
  })

  it('writes what JSON.stringify writes, where no decimals are', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        fc.pre(onlyWholeNumbers(value))
        expect(writeJson(value as Json)).toBe(JSON.stringify(value))
      }),
    )
  })
})

describe('readJson', () => {
  it('reads back what was written, digit by digit', () => {
    const text = '{"rate":1.10,"lines":[{"item_total":174.0,"tags":[],"note":null,"paid":true}],"n":"a\\"b"}'
    expect(writeJson(readJson(text))).toBe(text)
  })

  it('reads numbers as decimals', () => {
    expect(readJson('1.10')).toEqual(new Decimal('1.10'))
  })

  it('refuses what is not JSON', () => {
    expect(() => readJson('{')).toThrow(SyntaxError)
  })
})

describe('isJsonObject', () => {
  it('tells objects from lists and numbers', () => {
    expect([{}, [], decimal('1'), null, 'x'].map(isJsonObject)).toEqual([true, false, false, false, false])
  })
})

function onlyWholeNumbers(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0)
  if (typeof value !== 'object' || value === null) return true
  return Object.values(value).every(onlyWholeNumbers) && !Object.hasOwn(value, '__proto__')
}
