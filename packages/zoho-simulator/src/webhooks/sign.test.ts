import { signatureVectors, vectorSecret } from '../testing/signature-vectors.ts'
import { signDelivery } from './sign.ts'

describe('signDelivery', () => {
  it.each(signatureVectors)(
    'agrees with the published vector: $name',
    ({ query, form, rawBody, signature }) => {
      const signed = signDelivery({
        secret: vectorSecret,
        query: Object.entries(query),
        form: form === null ? [] : Object.entries(form),
        body: form === null ? rawBody : '',
      })
      expect(signed).toBe(signature)
    },
  )

  it('decodes the vectors’ form bodies to the pairs that are signed', () => {
    for (const { form, rawBody } of signatureVectors) {
      expect(form ?? {}).toEqual(form === null ? {} : Object.fromEntries(new URLSearchParams(rawBody)))
    }
  })

  it('does not depend on the order of the query', () => {
    const pairs: [string, string][] = [
      ['b', '1'],
      ['a', '2'],
    ]
    const sign = (query: [string, string][]) => signDelivery({ secret: 's', query, form: [], body: '{}' })
    expect(sign(pairs)).toBe(sign([...pairs].reverse()))
  })
})
