import { sha256Hex } from '../json/index.ts'
import { rowText } from './content.ts'
import type { RecordState } from './record-state.ts'

/**
 * The row hash: SHA-256 over the mapped columns, custom fields and child rows, never over volatile keys of Zoho's.
 * Blank columns are left out, so that a column added later does not change the hash of rows that lack it.
 */
export function rowHash(state: Pick<RecordState, 'columns' | 'customFields' | 'children'>): string {
  const columns = Object.entries(state.columns)
    .filter(([, value]) => value !== null)
    .sort(([left], [right]) => (left < right ? -1 : 1))
  const children = Object.entries(state.children)
    .filter(([, rows]) => rows.length > 0)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([table, rows]) => [table, rows.map(rowText).sort()])
  return sha256Hex(JSON.stringify([columns, state.customFields, children]))
}
