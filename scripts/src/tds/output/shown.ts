/** A result as people and scripts see it; the JSON form needs none of this. */
export interface Shown {
  readonly blocks: readonly Block[]
  /** One identifier a line, for `-o id`. */
  readonly ids: readonly string[]
  /** One object a line, for `-o ndjson`. */
  readonly records: readonly object[]
}

/** A part of what is printed. */
export type Block =
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [string, Cell])[] }
  | {
      readonly kind: 'table'
      readonly columns: readonly string[]
      readonly rows: readonly (readonly Cell[])[]
    }

/** What may stand in a cell; null is left blank. */
export type Cell = string | number | boolean | null

/**
 * Writes blocks as text: aligned on a terminal, separated by tabs in a pipe, where nothing is cut or padded. Whatever a
 * sender could have put into a value, it stays on its line and steers no terminal. A table without rows beside other blocks
 * is left out; alone it shows its columns, so that a script meets them always.
 */
export function renderBlocks(blocks: readonly Block[], o: { readonly isTerminal: boolean }): string {
  return blocks
    .filter((block) => blocks.length === 1 || block.kind !== 'table' || block.rows.length > 0)
    .map((block) => `${linesOf(block, o.isTerminal).join('\n')}\n`)
    .join('\n')
}

function linesOf(block: Block, isTerminal: boolean): string[] {
  switch (block.kind) {
    case 'lines':
      return block.lines.map(oneLine)
    case 'facts':
      return rowsOf(
        block.facts.map(([name, value]) => [name, value]),
        isTerminal,
      )
    case 'table':
      return rowsOf([block.columns.map((column) => column.toUpperCase()), ...block.rows], isTerminal)
  }
}

function rowsOf(rows: readonly (readonly Cell[])[], isTerminal: boolean): string[] {
  const texts = rows.map((row) => row.map(textOf))
  if (!isTerminal) return texts.map((cells) => cells.join('\t'))
  const widths = (texts[0] ?? []).map((_, column) =>
    Math.max(...texts.map((cells) => (cells[column] ?? '').length)),
  )
  return texts.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function textOf(value: Cell): string {
  return value === null ? '' : oneLine(String(value))
}

/** Control characters, line ends and marks that turn the writing direction become a visible escape. */
function oneLine(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
