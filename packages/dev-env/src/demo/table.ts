const WIDEST_VALUE = 36
const WIDEST_LINE = 100

/** Writes rows as psql would, fitted into a hundred columns: long values are cut, columns that find no room are left out. */
export function textTable(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const [first] = rows
  if (first === undefined) return ['(no rows)']
  const columns = fitting(
    Object.keys(first).map((name) => {
      const cells = rows.map((row) => shown(row[name]))
      return { name, cells, width: Math.max(name.length, ...cells.map((cell) => cell.length)) }
    }),
  )
  const line = (cell: (column: Column) => string) => columns.map(cell).join(' | ').trimEnd()
  return [
    line(({ name, width }) => name.padEnd(width)),
    columns.map(({ width }) => '-'.repeat(width)).join('-+-'),
    ...rows.map((_, index) => line(({ cells, width }) => (cells[index] ?? '').padEnd(width))),
  ]
}

interface Column {
  readonly name: string
  readonly cells: readonly string[]
  readonly width: number
}

function fitting(columns: readonly Column[]): Column[] {
  const kept: Column[] = []
  let used = 0
  for (const column of columns) {
    used += column.width + 3
    if (used > WIDEST_LINE && kept.length > 0) break
    kept.push(column)
  }
  return kept
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text =
    typeof value === 'string' ? value : Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : plain(value)
  const oneLine = text.replace(/\s+/g, ' ')
  return oneLine.length > WIDEST_VALUE ? `${oneLine.slice(0, WIDEST_VALUE - 1)}…` : oneLine
}

/** A list as its entries, anything else as JSON. */
function plain(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : JSON.stringify(value)
}
