import type { ColumnValues } from '../entities/map-record.ts'
import type { Instant } from './instant.ts'

/** What the mirror holds of one record, as far as deciding needs it. */
export interface RecordState {
  readonly columns: ColumnValues
  /** Canonical JSON of the custom fields. */
  readonly customFields: string
  /** Child table → rows, ordered by key. */
  readonly children: Readonly<Record<string, readonly ColumnValues[]>>
  /** Zoho's `last_modified_time`, or null where none was ever seen. */
  readonly version: Instant | null
  /** The version up to which the row is known completely. */
  readonly completedVersion: Instant | null
  readonly createdAt: Instant | null
  /** When the source was last looked at. */
  readonly readAt: Instant | null
  /** Set on a tombstone. */
  readonly deletedAt: Instant | null
  /** Count of applied changes: guards every write. */
  readonly revision: number
}

/** True when the row is known completely at its version; without a version, when it was ever read completely. */
export function isComplete(state: Pick<RecordState, 'version' | 'completedVersion'>): boolean {
  if (state.completedVersion === null) return false
  return state.version === null || state.completedVersion === state.version
}
