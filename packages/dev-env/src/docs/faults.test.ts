import { existsSync } from 'node:fs'
import { checkout, readPage, readText, rowsWith } from '../testing/docs/pages.ts'

describe('docs/operations/faults.md', () => {
  const rows = rowsWith(readPage('docs/operations/faults.md'), 'fault', 'what happens', 'tried in')

  it('names a test for every fault, and the test is there', () => {
    expect(rows).not.toHaveLength(0)
    const missing = rows.map((row) => row['tried in'] ?? '').filter((tried) => !isTest(tried))
    expect(missing).toEqual([])
  })
})

/** `path: title`, the title as it stands in the file between quotes. */
function isTest(tried: string): boolean {
  const [, file = '', title = ''] = /^(\S+\.(?:test|long)\.ts): (.+)$/.exec(tried) ?? []
  if (title === '' || !existsSync(`${checkout}${file}`)) return false
  const text = readText(file)
  return text.includes(`'${title}'`) || text.includes(`"${title}"`)
}
