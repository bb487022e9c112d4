import fc from 'fast-check'
import { withoutBlanks } from './without-blanks.ts'

describe('withoutBlanks', () => {
  it('is what the built-in serialiser writes, for text that it indented', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const indented = Buffer.from(JSON.stringify(value, null, '\t'))
        expect(withoutBlanks(indented).toString()).toBe(JSON.stringify(value))
      }),
    )
  })

  it('leaves strings and the spelling of numbers alone', () => {
    expect(withoutBlanks(Buffer.from('{ "a b\\" c" : [ 1.10 , "\\\\" , " " ] }')).toString()).toBe(
      '{"a b\\" c":[1.10,"\\\\"," "]}',
    )
  })

  it('takes any bytes without throwing', () => {
    fc.assert(
      fc.property(fc.uint8Array({ max: 255 }), (bytes) => {
        expect(withoutBlanks(Buffer.from(bytes)).length).toBeLessThanOrEqual(bytes.length)
      }),
    )
    expect(withoutBlanks(Buffer.from('"\\')).toString()).toBe('"\\')
  })
})
