import { readPage, rowsWith } from '../testing/docs/pages.ts'
import { isTest } from '../testing/docs/tried-in.ts'

describe('docs/operations/faults.md', () => {
  const rows = rowsWith(readPage('docs/operations/faults.md'), 'fault', 'what happens', 'tried in')

  it('names a test for every fault, and the test is there', () => {
    expect(rows).not.toHaveLength(0)
    const missing = rows.map((row) => row['tried in'] ?? '').filter((tried) => !isTest(tried))
    expect(missing).toEqual([])
  })

  it('has a row for each of the 35 scenarios, in order, and every test that a row names is there', () => {
    const scenarios = rowsWith(readPage('docs/operations/faults.md'), 'scenario', 'test')
    const names = Array.from({ length: 35 }, (_, index) => `F-${String(index + 1).padStart(2, '0')}`)
    expect(scenarios.map((row) => row['scenario'])).toEqual(names)
    const missing = scenarios
      .map((row) => row['test'] ?? '')
      .filter((tried) => tried !== 'none' && !isTest(tried))
    expect(missing).toEqual([])
  })
})
