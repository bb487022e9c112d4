import { sha256Hex } from '../json/index.ts'
import type { Saying } from '../sync/change.ts'
import { rowHash } from '../sync/row-hash.ts'

/** What two answers about a record have in common exactly when they say the same. */
export function answerDigest(says: Saying): string {
  if (says.kind !== 'content') return says.kind
  const { version, columns, customFields, children } = says.record
  return sha256Hex(
    JSON.stringify([version, rowHash({ columns, customFields: customFields ?? '', children })]),
  )
}
