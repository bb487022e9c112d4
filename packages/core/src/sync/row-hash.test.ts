import fc from 'fast-check'
import type { ColumnValues } from '../entities/map-record.ts'
import { rowHash } from './row-hash.ts'

const columns = fc.dictionary(fc.constantFrom('name', 'rate', 'sku', 'unit'), fc.option(fc.string()))
const rows = fc.array(fc.dictionary(fc.constantFrom('line', 'rate'), fc.option(fc.string())), {
  maxLength: 4,
})

describe('the row hash', () => {
  it('does not depend on the order of columns, nor of child rows', () => {
    fc.assert(
      fc.property(columns, rows, (some, lines) => {
        const turned = Object.fromEntries(Object.entries(some).reverse())
        const one = rowHash({ columns: some, customFields: '{}', children: { lines } })
        const other = rowHash({
          columns: turned,
          customFields: '{}',
          children: { lines: [...lines].reverse() },
        })
        expect(other).toBe(one)
      }),
    )
  })

  it('tells every change of a value', () => {
    fc.assert(
      fc.property(columns, columns, (left, right) => {
        const same = JSON.stringify(filled(left)) === JSON.stringify(filled(right))
        const hashes = [left, right].map((one) => rowHash({ columns: one, customFields: '{}', children: {} }))
        expect(hashes[0] === hashes[1]).toBe(same)
      }),
    )
  })

  it('is not changed by a column added later and blank', () => {
    const before = rowHash({ columns: { name: 'a' }, customFields: '{}', children: {} })
    expect(
      rowHash({ columns: { name: 'a', colour: null }, customFields: '{}', children: { lines: [] } }),
    ).toBe(before)
  })

  it('tells a value in the custom fields or in a line', () => {
    const base = {
      columns: { name: 'a' },
      customFields: '{}',
      children: { lines: [{ line: '1', rate: '2' }] },
    }
    expect(rowHash({ ...base, customFields: '{"a":1}' })).not.toBe(rowHash(base))
    expect(rowHash({ ...base, children: { lines: [{ line: '1', rate: '3' }] } })).not.toBe(rowHash(base))
  })
})

function filled(some: ColumnValues): [string, string | null][] {
  return Object.entries(some)
    .filter(([, value]) => value !== null)
    .sort(([left], [right]) => (left < right ? -1 : 1))
}
