import { readRecords, type Queryable, type StoredDeadLetter } from '@tds/db'
import { entityOf } from '../entities/index.ts'
import { readInstant } from '../sync/instant.ts'
import { recordTableOf } from '../sync/record-table.ts'

/** What a dead letter is beside the record as it stands. */
export const stalenesses = ['current', 'older', 'record_deleted', 'not_stored', 'unknown'] as const

/** One of {@link stalenesses}; `older` would be ignored by the version guard. */
export type Staleness = (typeof stalenesses)[number]

/** The record of a dead letter as it stands. */
export interface RecordNow {
  readonly staleness: Staleness
  /** Version stored now, as Postgres prints it. */
  readonly storedVersion: string | null
  readonly deletedAt: string | null
}

/** Compares dead letters with their records, one statement for each type. By the letter's id. */
export async function recordsNow(
  db: Queryable,
  letters: readonly StoredDeadLetter[],
): Promise<Map<string, RecordNow>> {
  const found = new Map<string, RecordNow>()
  for (const type of new Set(letters.map((letter) => letter.entity_type))) {
    const entity = entityOf(type)
    const ofType = letters.filter((letter) => letter.entity_type === type)
    const keys = ofType.flatMap(({ organization_id: organizationId, source_entity_id: zohoId }) =>
      zohoId === null ? [] : [{ organizationId, zohoId }],
    )
    const rows =
      entity === undefined || keys.length === 0 ? [] : await readRecords(db, recordTableOf(entity), keys)
    const byId = new Map(rows.map((row) => [`${row.organization_id} ${row.zoho_id}`, row]))
    for (const letter of ofType) {
      const row = byId.get(`${letter.organization_id} ${letter.source_entity_id ?? ''}`)
      found.set(letter.id, compare(letter.source_version, row))
    }
  }
  return found
}

function compare(
  version: string | null,
  row: { readonly source_modified_at: string | null; readonly deleted_at: string | null } | undefined,
): RecordNow {
  if (row === undefined) return { staleness: 'not_stored', storedVersion: null, deletedAt: null }
  const now = { storedVersion: row.source_modified_at, deletedAt: row.deleted_at }
  if (row.deleted_at !== null) return { ...now, staleness: 'record_deleted' }
  if (version === null || row.source_modified_at === null) return { ...now, staleness: 'unknown' }
  const isOlder = readInstant(version) < readInstant(row.source_modified_at)
  return { ...now, staleness: isOlder ? 'older' : 'current' }
}
