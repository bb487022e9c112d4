import type { ColumnDefinition, ColumnKind } from '../entities/define-entity.ts'
import type { ColumnValues } from '../entities/map-record.ts'
import { canonicalJson, normalDecimal, parseExactText, storedLimits } from '../json/index.ts'
import { columnTypes } from './record-table.ts'

/** Reads the typed columns of a row into the same normal text that `readColumn` makes of Zoho's values, so that equal means equal. */
export function storedValues(
  columns: readonly ColumnDefinition[],
  row: Readonly<Record<string, unknown>>,
): ColumnValues {
  const values: Record<string, string | null> = {}
  for (const column of columns) values[column.name] = storedValue(column.kind, row[column.name])
  return values
}

/** Reads a stored jsonb object into canonical JSON; a row without one has none of its fields. */
export function storedObject(text: unknown): string {
  return typeof text === 'string' ? canonicalJson(parseExactText(text, storedLimits).value) : '{}'
}

function storedValue(kind: ColumnKind, value: unknown): string | null {
  if (value === null || value === undefined) return null
  // Booleans and small integers come as such, everything else as the text that Postgres wrote.
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  if (kind === 'decimal') return isNormal(text) ? text : normalDecimal(text)
  return columnTypes[kind] === 'jsonb' ? canonicalJson(parseExactText(text, storedLimits).value) : text
}

/** Spares the work for the numbers that we wrote ourselves; a person's `14.50` takes the long way. */
function isNormal(text: string): boolean {
  return /^(?:0|-?[1-9]\d*)$|^-?(?:0|[1-9]\d*)\.\d*[1-9]$/.test(text)
}
