import type { Catalog, CatalogColumn, CatalogTable } from './read-catalog.ts'
import { mirrorTables, sourceFieldsOf } from './source-fields.ts'

/** Writes the page about the database from what the database and the definitions of the types say. */
export function renderSchemaPage(catalog: Catalog): string {
  const mirrors = mirrorTables().flatMap((name) => catalog.tables.filter((table) => table.name === name))
  const others = catalog.tables.filter((table) => !mirrors.includes(table))
  return [
    intro,
    '## Overview',
    overview('table', 'holds', catalog.tables),
    overview('view', 'answers', catalog.views),
    '## What Zoho has',
    mirrorIntro,
    ...mirrors.map((table) => tableSection(table, true)),
    '## What is ours',
    ...others.map((table) => tableSection(table, false)),
    '## Functions',
    functionsTable(catalog),
    '## Words',
    'Columns of these types hold one of these words.',
    tableOf(
      ['type', 'words', 'what it says'],
      catalog.enums.map(({ name, words, comment }) => [code(name), words.map(code).join(', '), comment]),
    ),
  ]
    .join('\n\n')
    .concat('\n')
}

const intro = `# Tables, views and functions

This page says what every table, column and index is for, to be looked up. It is written by \`pnpm docs:schema\` from the comments of a freshly migrated database and from the definitions of the types; a test holds it against both. What to ask the database, and how its parts hang together, is in [Ask the database](../guides/ask-the-database.md).

All of it is in the schema \`public\` and begins with \`tds_\`. The queue's own tables are in the schema \`pgboss\`. Amounts and quantities are \`numeric\` without a fixed scale; ids are text; times are \`timestamptz\`. "Never NULL" is what the database enforces.`

const mirrorIntro = `One table for each type and one for its lines. The column "Zoho's field" names the key in Zoho's record that a column is read from; where several are named, the present one comes first. Columns without one are ours. Local columns of the ERP may stand in the same tables.`

function overview(kind: string, does: string, things: Catalog['views']): string {
  return tableOf(
    [kind, does],
    things.map(({ name, comment }) => [code(name), comment]),
  )
}

function tableSection({ name, comment, columns, indexes }: CatalogTable, isMirror: boolean): string {
  const heads = ['column', 'type', ...(isMirror ? ["Zoho's field"] : []), 'what it holds']
  const rows = columns.map((column) => [
    code(column.name),
    column.required ? `${code(typeOf(column))}, never NULL` : code(typeOf(column)),
    ...(isMirror ? [fieldCell(name, column.name)] : []),
    column.comment,
  ])
  const indexRows = indexes.map((index) => [
    code(index.name),
    `${index.unique ? 'unique ' : ''}${code(index.over)}`,
    index.comment,
  ])
  return [
    `### \`${name}\``,
    comment,
    tableOf(heads, rows),
    tableOf(['index', 'over', 'reason'], indexRows),
  ].join('\n\n')
}

function typeOf({ type }: CatalogColumn): string {
  return type.replace('timestamp with time zone', 'timestamptz')
}

function fieldCell(table: string, column: string): string {
  return sourceFieldsOf(table, column).map(code).join(' or ')
}

function functionsTable({ functions }: Catalog): string {
  return tableOf(
    ['function', 'takes', 'gives', 'does'],
    functions.map(({ name, takes, gives, comment }) => [
      code(name),
      takes === '' ? 'nothing' : code(takes),
      code(gives),
      comment,
    ]),
  )
}

/** Cells are not padded: a longer name elsewhere would otherwise touch every line. */
function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows].map(lineOf).join('\n')
}

function lineOf(cells: readonly string[]): string {
  return `| ${cells.map(escaped).join(' | ')} |`.replace(/ {2,}/g, ' ')
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function code(text: string): string {
  return `\`${text}\``
}
