import type { Screen } from './screen.ts'
import { showVerdict } from './verdict.ts'

describe('showVerdict', () => {
  it('is true when nothing differs', () => {
    const { screen, lines } = recorder()
    expect(showVerdict(screen, [{ type: 'product', compared: 1200, equal: 1200, differences: [] }])).toBe(
      true,
    )
    expect(lines).toContainEqual([{ entity: 'product', compared: '1,200', equal: '1,200', different: '0' }])
    expect(lines.at(-1)).toBe('Verdict: the database holds exactly what Zoho holds.')
  })

  it('is false when something does, and names the first of it', () => {
    const { screen, lines } = recorder()
    const differences = Array.from({ length: 7 }, (_, index) => ({
      zohoId: String(index),
      says: 'is missing',
    }))
    expect(showVerdict(screen, [{ type: 'invoice', compared: 9, equal: 2, differences }])).toBe(false)
    expect(lines.filter((line) => String(line).includes('is missing'))).toHaveLength(5)
    expect(lines).toContain('… and 2 more of invoice')
    expect(lines.at(-1)).toBe('Verdict: the database DIFFERS from Zoho.')
  })
})

function recorder(): { screen: Screen; lines: unknown[] } {
  const lines: unknown[] = []
  const note = (what: unknown) => void lines.push(what)
  const screen: Screen = {
    heading: note,
    line: note,
    detail: (...told) => {
      told.forEach(note)
    },
    table: note,
    status: note,
    endStatus: () => undefined,
  }
  return { screen, lines }
}
