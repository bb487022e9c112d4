import { textTable } from './table.ts'

describe('textTable', () => {
  it('writes rows as psql does', () => {
    const rows = [
      { sku: 'BX-1', rate: '14.5', tags: ['a', 'b'], gone: null },
      { sku: 'BX-22', rate: '3', tags: [], gone: undefined },
    ]
    expect(textTable(rows)).toEqual([
      'sku   | rate | tags | gone',
      '------+------+------+-----',
      'BX-1  | 14.5 | a, b |',
      'BX-22 | 3    |      |',
    ])
  })

  it('fits into a hundred columns: cuts long values, leaves out what finds no room', () => {
    const long = 'x'.repeat(50)
    const lines = textTable([{ a: long, b: 'line\nbreak', c: long, d: long }])
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(lines[0]?.split('|').map((name) => name.trim())).toEqual(['a', 'b', 'c'])
    expect(lines[2]).toContain('line break')
    expect(lines[2]).toContain(`${'x'.repeat(35)}…`)
  })

  it('says so when there are no rows', () => {
    expect(textTable([])).toEqual(['(no rows)'])
  })
})
