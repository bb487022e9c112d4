import { controlRoutes, faults, switches } from '@tds/zoho-simulator'
import { readPage, rowsWith } from '../testing/docs/pages.ts'

const page = readPage('docs/reference/simulator.md')

describe('docs/reference/simulator.md', () => {
  it('lists every route of the control as it answers, and no other', () => {
    const told = rowsWith(page, 'route', 'does').map((row) => `${row['route'] ?? ''}: ${row['does'] ?? ''}`)
    const known = controlRoutes.map(({ method, path, tells }) => `${method} ${path}: ${plain(tells)}`)
    expect(told).toEqual(known)
  })

  it('lists every switch with its start and its values, and no other', () => {
    const told = rowsWith(page, 'switch', 'at the start').map((row) => ({
      name: row['switch'],
      start: row['at the start'],
      values: row['values'],
      says: row['what it says'],
    }))
    const known = Object.entries(switches).map(([name, { start, expected, tells }]) => ({
      name,
      start: JSON.stringify(start),
      values: expected,
      says: plain(tells),
    }))
    expect(told).toEqual(known)
  })

  it('lists every fault with its numbers, and no other', () => {
    const told = rowsWith(page, 'fault', 'numbers').map((row) => ({
      name: row['fault'],
      numbers: row['numbers'],
      happens: row['what happens'],
    }))
    const known = Object.entries(faults).map(([name, { parameters = {}, tells }]) => ({
      name,
      numbers: Object.entries(parameters)
        .map(([number, value]) => [number, value].filter((part) => part !== undefined).join(' '))
        .join(', '),
      happens: plain(tells),
    }))
    expect(told).toEqual(known)
  })
})

/** Rows are compared without code marks. */
function plain(text: string): string {
  return text.replaceAll('`', '')
}
