import fc from 'fast-check'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { exactJson, spelled } from '../testing/arbitrary-json.ts'
import { canonicalJson, exactStringify } from './canonical-json.ts'
import { storedLimits } from './exact-json.ts'
import { parseExactText } from './parse-exact-json.ts'

describe('exact JSON in a jsonb column', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase()
  })

  afterAll(async () => {
    await database.drop()
  })

  it('comes back with the same canonical form, whatever was accepted', async () => {
    const text = exactJson.chain(spelled)
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 20, maxLength: 20 }), async (texts) => {
        const values = texts.map((one) => parseExactText(one).value)
        expect((await throughJsonb(texts)).map(canonicalOf)).toEqual(values.map(canonicalJson))
      }),
      { numRuns: 30 },
    )
  })

  it.each([
    ['the widest number', `${'9'.repeat(100)}e100`],
    ['the finest number', `0.${'9'.repeat(99)}e-100`],
    ['a small number with idle zeros', `1.${'0'.repeat(99)}e-100`],
    ['negative zero', '-0.0'],
    ['NUL and half pairs', '{"a\\u0000":"\\ud800","\\udc00":0}'],
    ['a noncharacter', '"\uffff\ufdd0"'],
    ['64 levels', '['.repeat(64) + ']'.repeat(64)],
    ['an endless key', `{"${'k'.repeat(100_000)}":1}`],
  ])('takes %s', async (_, text) => {
    const { value } = parseExactText(text)
    expect((await throughJsonb([exactStringify(value)])).map(canonicalOf)).toEqual([canonicalJson(value)])
  })

  async function throughJsonb(texts: readonly string[]): Promise<string[]> {
    const { rows } = await database.db.query<{ text: string }>(
      'SELECT (one::jsonb)::text AS text FROM unnest($1::text[]) WITH ORDINALITY AS each(one, place) ORDER BY place',
      [texts],
    )
    return rows.map((row) => row.text)
  }
})

function canonicalOf(text: string): string {
  return canonicalJson(parseExactText(text, storedLimits).value)
}
