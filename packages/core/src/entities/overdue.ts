import type { ExactObject } from '../json/index.ts'
import { readColumn } from './columns.ts'
import type { CalendarValue } from './define-entity.ts'

/**
 * What stands behind the status `overdue` of a document: it is paid in part, or not at all, and then `unpaid` says in
 * which state that is. `toldBy` are the keys that `unpaid` looks at.
 */
export function behindOverdue(
  unpaid: (record: ExactObject) => string,
  toldBy: readonly string[] = [],
): CalendarValue {
  return {
    value: 'overdue',
    toldBy: ['total', 'balance', ...toldBy],
    behind: (record) => (isPaidInPart(record) ? 'partially_paid' : unpaid(record)),
  }
}

function isPaidInPart(record: ExactObject): boolean {
  const [total, balance] = ['total', 'balance'].map((key) => readColumn('decimal', record[key] ?? null, key))
  return total !== null && balance !== null && total !== balance
}
