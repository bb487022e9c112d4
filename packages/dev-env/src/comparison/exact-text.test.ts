import { comparable, plainDecimal, readJsonText } from './exact-text.ts'

describe('plainDecimal', () => {
  it.each([
    ['14.50', '14.5'],
    ['-0', '0'],
    ['-0.0', '0'],
    ['007', '7'],
    ['1e2', '100'],
    ['1.25E+1', '12.5'],
    ['12e-3', '0.012'],
    ['9007199254740993.10', '9007199254740993.1'],
    ['0.1', '0.1'],
    ['100', '100'],
  ])('writes %s as %s', (text, plain) => {
    expect(plainDecimal(text)).toBe(plain)
  })

  it.each(['', 'abc', '1,5', '0x10', 'NaN', '5%'])('does not take "%s" for a number', (text) => {
    expect(plainDecimal(text)).toBeNull()
  })
})

describe('readJsonText', () => {
  it('keeps digits that a double would lose', () => {
    expect(comparable(readJsonText('{"id":9007199254740993,"rate":0.10000000000000000001}'))).toBe(
      '{"id":9007199254740993,"rate":0.10000000000000000001}',
    )
  })

  it('makes values comparable whatever the order of keys and the form of numbers', () => {
    expect(comparable(readJsonText('{"b":[1.0,null,"x"],"a":true}'))).toBe('{"a":true,"b":[1,null,"x"]}')
  })
})
