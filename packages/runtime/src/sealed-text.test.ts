import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { TdsError } from './errors.ts'
import { openText, sealText, type SealingKeys } from './sealed-text.ts'

const old: SealingKeys = [randomBytes(32)]
const current: SealingKeys = [randomBytes(32)]

describe('sealText and openText', () => {
  it('give back any text, and never seal it alike twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, place) => {
        const sealed = sealText(current, text, place)
        expect(openText(current, sealed, place)).toBe(text)
        expect(sealText(current, text, place)).not.toBe(sealed)
      }),
    )
  })

  it('show nothing of the text', () => {
    const sealed = sealText(current, 'canary', 'row 1')
    expect(sealed).not.toContain('canary')
    expect(Buffer.from(sealed.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('canary')
  })

  it('open with a former key what it sealed, and seal with the first', () => {
    const both: SealingKeys = [current[0], old[0]]
    expect(openText(both, sealText(old, 'kept', 'row 1'), 'row 1')).toBe('kept')
    expect(openText(current, sealText(both, 'new', 'row 1'), 'row 1')).toBe('new')
  })

  it('name the key that is missing, and what helps', () => {
    const fault = faultOf(() => openText(current, sealText(old, 'canary', 'row 1'), 'row 1'))
    expect(fault).toMatchObject({ code: 'sealed_with_another_key', disposition: 'reject' })
    expect(fault.nextStep).toContain('TDS_ENCRYPTION_KEY')
    expect(inspect(fault, { depth: 5 })).not.toMatch(new RegExp(`canary|${current[0].toString('hex')}`))
  })

  it('refuse a text that was moved to another place', () => {
    expect(faultOf(() => openText(current, sealText(current, 'mine', 'row 1'), 'row 2')).code).toBe(
      'sealed_text_damaged',
    )
  })

  it('refuse every text of which one letter was changed, or a piece is missing', () => {
    const sealed = sealText(current, 'a secret of some length', 'row 1')
    for (let at = 0; at < sealed.length; at += 1) {
      const letter = sealed[at] === 'A' ? 'B' : 'A'
      const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1)
      expect(() => openText(current, changed, 'row 1')).toThrow(TdsError)
      expect(() => openText(current, sealed.slice(0, at), 'row 1')).toThrow(TdsError)
    }
  })
})

function faultOf(open: () => unknown): TdsError {
  try {
    open()
  } catch (error) {
    if (error instanceof TdsError) return error
    throw error
  }
  throw new Error('it was opened')
}
