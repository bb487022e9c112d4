import { matchKey } from './webhook-key.ts'

describe('matchKey', () => {
  const keys = ['first-key-of-2025', 'second-key-of-2026']

  it('accepts every configured key and says which by its place', () => {
    expect(keys.map((key) => matchKey(key, keys))).toEqual([0, 1])
  })

  it.each<[string, string | string[] | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['one character off', 'first-key-of-2024'],
    ['a prefix of a key', 'first-key'],
    ['longer than the key', 'first-key-of-2025 '],
    ['in another letter case', 'First-Key-Of-2025'],
    ['sent twice, as Node joins it', 'first-key-of-2025, first-key-of-2025'],
    ['a list', ['first-key-of-2025']],
    ['of 10 kB', 'k'.repeat(10_240)],
  ])('refuses a key that is %s', (_, header) => {
    expect(matchKey(header, keys)).toBeNull()
  })

  it('accepts nothing while no key is configured', () => {
    expect(matchKey('first-key-of-2025', [])).toBeNull()
    expect(matchKey('', [''])).toBeNull()
  })
})
