import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder that links and commands in the documents start from. */
export const checkout = fileURLToPath(new URL('../../../../../', import.meta.url))

/** A document, as written. */
export interface Page {
  /** From the checkout, as in `docs/index.md`. */
  readonly path: string
  readonly text: string
}

/** A row of a table: the heading of its column, in lower case, to the text of the cell, without code marks. */
export type Row = Readonly<Record<string, string>>

/** A link in a page, to a page of ours or elsewhere. */
export interface Link {
  readonly text: string
  readonly target: string
}

/** A fenced block. */
export interface Fence {
  readonly language: string
  readonly lines: readonly string[]
}

/** Every document of the product. */
export function allPages(): Page[] {
  const docs = readdirSync(`${checkout}docs`, { recursive: true, encoding: 'utf8' })
  const paths = docs
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
  return ['README.md', 'CHANGELOG.md', ...paths.sort()].map(readPage)
}

/** One document. */
export function readPage(path: string): Page {
  return { path, text: readFileSync(`${checkout}${path}`, 'utf8') }
}

/** Reads a file of the checkout. */
export function readText(path: string): string {
  return readFileSync(`${checkout}${path}`, 'utf8')
}

/** The rows of all tables of a page that have these columns. */
export function rowsWith(page: Page, ...columns: readonly string[]): Row[] {
  return tablesOf(page)
    .filter((rows) => columns.every((column) => rows[0]?.[column] !== undefined))
    .flat()
}

/** The first column of all tables of a page that have these columns. */
export function namesIn(page: Page, ...columns: readonly [string, ...string[]]): string[] {
  return rowsWith(page, ...columns).map((row) => row[columns[0]] ?? '')
}

/** Links outside of code. */
export function linksOf({ text }: Page): Link[] {
  const prose = withoutFences(text).replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\[([^\]]*)\]\(([^)\s]+)\)/g)].map(([, shown = '', target = '']) => ({
    text: shown,
    target,
  }))
}

/** The anchors that a page's headings get, as GitHub makes them. */
export function anchorsOf({ text }: Page): string[] {
  const headings = withoutFences(text).matchAll(/^#{1,6} +(.+)$/gm)
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** The fenced blocks of a page. */
export function fencesOf({ text }: Page): Fence[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', body = '']) => ({
    language,
    lines: body.split('\n').filter((line) => line !== ''),
  }))
}

/** The first paragraph under the title: what the page is for. */
export function purposeOf({ text }: Page): string {
  const [title = '', blank, ...rest] = text.split('\n')
  if (!title.startsWith('# ') || blank !== '') return ''
  const end = rest.indexOf('')
  return rest.slice(0, end === -1 ? rest.length : end).join(' ')
}

function tablesOf({ text }: Page): Row[][] {
  const tables: Row[][] = []
  const lines = withoutFences(text).split('\n')
  for (let at = 0; at < lines.length; at += 1) {
    if (!/^\|[\s:|-]+\|$/.test(lines[at] ?? '')) continue
    const columns = cellsOf(lines[at - 1] ?? '').map((cell) => cell.toLowerCase())
    const rows: Row[] = []
    while (lines[at + 1]?.startsWith('|')) {
      at += 1
      const cells = cellsOf(lines[at] ?? '')
      rows.push(Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ''])))
    }
    tables.push(rows)
  }
  return tables
}

function cellsOf(line: string): string[] {
  return line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|').replaceAll('`', ''))
}

function withoutFences(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}
