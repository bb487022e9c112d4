import fc from 'fast-check'
import { mostFormFields, readFormFields } from './form-fields.ts'

describe('readFormFields', () => {
  it('reads what a browser would write', () => {
    const pairs = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })))
    fc.assert(
      fc.property(pairs, (fields) => {
        const body = Buffer.from(new URLSearchParams(fields).toString())
        expect(textsOf(body)).toEqual(fields)
      }),
    )
  })

  it('decodes a plus to a blank and small or capital hex digits', () => {
    expect(textsOf(Buffer.from('a+b=%c3%A9%2b'))).toEqual([['a b', 'é+']])
  })

  it('takes a percent sign without two hex digits for itself', () => {
    expect(textsOf(Buffer.from('a=100%&b=%zz&c=%2'))).toEqual([
      ['a', '100%'],
      ['b', '%zz'],
      ['c', '%2'],
    ])
  })

  it('keeps repeated, empty and valueless fields, in order', () => {
    expect(textsOf(Buffer.from('a=1&&a=2&b&=3&c=x=y'))).toEqual([
      ['a', '1'],
      ['a', '2'],
      ['b', ''],
      ['', '3'],
      ['c', 'x=y'],
    ])
  })

  it('keeps bytes that are not UTF-8', () => {
    expect(readFormFields(Buffer.from('a=%FF%00'))?.[0]?.value).toEqual(Buffer.from([0xff, 0x00]))
  })

  it('takes no more apart than a form may have, however small the fields are', () => {
    expect(readFormFields(Buffer.from('a&'.repeat(mostFormFields)))).toHaveLength(mostFormFields)
    expect(readFormFields(Buffer.from('a&'.repeat(mostFormFields + 1)))).toBeNull()
    expect(readFormFields(Buffer.from('&'.repeat(1_000_000)))).toEqual([])
  })
})

function textsOf(body: Buffer): [string, string][] {
  return (readFormFields(body) ?? []).map(({ key, value }) => [key.toString(), value.toString()])
}
