import { unstorableReason } from '@tds/core'
import { namesIn, readPage, rowsWith } from '../testing/docs/pages.ts'
import { statedFailures, type StatedFailures } from '../testing/docs/stated-errors.ts'

const page = readPage('docs/reference/errors.md')

describe('docs/reference/errors.md', () => {
  let code: StatedFailures

  beforeAll(() => {
    // The compiler reads the whole workspace: seconds on a machine that does other things too.
    code = statedFailures()
  }, 120_000)

  it('lists every code that an error carries, with its disposition, and no other', () => {
    const told = rowsWith(page, 'code', 'disposition').map(
      (row) => `${row['code'] ?? ''}: ${row['disposition'] ?? ''}`,
    )
    const stated = code.errors.map((error) => `${error.code}: ${error.disposition}`)
    expect(distinct(told)).toEqual(distinct(stated))
  })

  it('repeats every next step word for word', () => {
    const untold = code.errors.filter(({ nextStep }) => !page.text.includes(asWritten(nextStep)))
    expect(untold).toEqual([])
  })

  it('gives no next step that no error gives', () => {
    const stated = new Set(code.errors.map((error) => `${error.code}: ${error.nextStep}`))
    const told = rowsWith(page, 'code', 'next step').map(
      (row) => `${row['code'] ?? ''}: ${row['next step'] ?? ''}`,
    )
    expect(told.filter((step) => !stated.has(step))).toEqual([])
  })

  it('lists every reason for a quarantine and no other', () => {
    const reasons = [...code.wordsOf('QuarantineReason'), unstorableReason]
    expect(namesIn(page, 'reason', 'what helps').sort()).toEqual(reasons.sort())
  })

  it('lists every class of dead letters and no other', () => {
    expect(namesIn(page, 'class', 'who can help').sort()).toEqual(code.wordsOf('DeadLetterClass').sort())
  })

  it('names the codes that dead letters have without an error', () => {
    expect(code.failureCodes.filter((failure) => !page.text.includes(`\`${failure}\``))).toEqual([])
  })

  it('lists every kind of problem that the api answers with, as the page of the api does', () => {
    const kinds = code.wordsOf('ProblemKind').map((kind) => `urn:tds:problem:${kind}`)
    expect(namesIn(readPage('docs/reference/api.md'), 'type', 'status').sort()).toEqual(kinds.sort())
  })
})

function distinct(entries: readonly string[]): string[] {
  return [...new Set(entries)].sort()
}

/** In a cell of a table a bar is escaped. */
function asWritten(text: string): string {
  return text.replaceAll('|', '\\|')
}
