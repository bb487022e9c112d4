import { readPage, rowsWith } from '../testing/docs/pages.ts'
import { isTest } from '../testing/docs/tried-in.ts'

const page = readPage('docs/operations/hostile-input.md')

describe('docs/operations/hostile-input.md', () => {
  it('names a test for all that may be sent, and the test is there', () => {
    const missing = rowsWith(page, 'tried in')
      .map((row) => row['tried in'] ?? '')
      .filter((tried) => !isTest(tried))
    expect(missing).toEqual([])
  })

  it('tells of every scenario from B-01 to B-28, with tests that are named after it', () => {
    const named = rowsWith(page, 'scenario', 'tried in').filter((row) =>
      row['tried in']?.includes(`: ${String(row['scenario'])} `),
    )
    const scenarios = named.map((row) => row['scenario'])
    const numbered = Array.from({ length: 28 }, (_, index) => `B-${String(index + 1).padStart(2, '0')}`)
    expect(numbered.filter((scenario) => !scenarios.includes(scenario))).toEqual([])
  })
})
