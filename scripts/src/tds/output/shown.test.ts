import { renderBlocks, type Block } from './shown.ts'

describe('renderBlocks', () => {
  const empty: Block = { kind: 'table', columns: ['field', 'records'], rows: [] }
  const total: Block = { kind: 'lines', lines: ['product: 12 read, 0 changed'] }

  it('leaves a table without rows out where something else is told', () => {
    expect(renderBlocks([total, empty], { isTerminal: true })).toBe('product: 12 read, 0 changed\n')
  })

  it('shows the columns of a table that is all there is', () => {
    expect(renderBlocks([empty], { isTerminal: false })).toBe('FIELD\tRECORDS\n')
  })
})
