import { readPage, rowsWith } from '../testing/docs/pages.ts'
import { isTest } from '../testing/docs/tried-in.ts'

describe('docs/operations/faults.md', () => {
  const rows = rowsWith(readPage('docs/operations/faults.md'), 'fault', 'what happens', 'tried in')

  it('names a test for every fault, and the test is there', () => {
    expect(rows).not.toHaveLength(0)
    const missing = rows.map((row) => row['tried in'] ?? '').filter((tried) => !isTest(tried))
    expect(missing).toEqual([])
  })
})
