import type { ColumnValues, MappedRecord } from '../entities/map-record.ts'
import type { RecordState } from './record-state.ts'

/** True when a value that the body carries is not the value stored; what it does not carry has no say. */
export function differs(stored: RecordState, record: MappedRecord): boolean {
  return changedFields(stored, record).length > 0
}

/** Names of the columns, child tables and `custom_fields` that the body carries with another value, in definition order. */
export function changedFields(
  stored: Pick<RecordState, 'columns' | 'customFields' | 'children'>,
  record: Pick<MappedRecord, 'columns' | 'customFields' | 'children'>,
): string[] {
  const changed: string[] = []
  for (const name in record.columns) {
    if ((record.columns[name] ?? null) !== (stored.columns[name] ?? null)) changed.push(name)
  }
  for (const table in record.children) {
    if (!sameRows(record.children[table] ?? [], stored.children[table] ?? [])) changed.push(table)
  }
  if (record.customFields !== undefined && record.customFields !== stored.customFields) {
    changed.push('custom_fields')
  }
  return changed
}

/** Order does not count: a row's place is its `position`, which is a value like the others. */
function sameRows(left: readonly ColumnValues[], right: readonly ColumnValues[]): boolean {
  if (left.length !== right.length) return false
  const standing = new Set(right.map(rowText))
  return left.every((row) => standing.has(rowText(row)))
}

/** One row as text that equals another row's exactly when every value does. */
export function rowText(row: ColumnValues): string {
  return JSON.stringify(
    Object.keys(row)
      .sort()
      .map((name) => [name, row[name]]),
  )
}
