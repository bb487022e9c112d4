import type { DifferenceClass } from '@tds/db'
import { readCustomFields } from '../entities/custom-fields.ts'
import type { MappedRecord } from '../entities/map-record.ts'
import {
  canonicalJson,
  isExactObject,
  parseExactText,
  storedLimits,
  type ExactObject,
} from '../json/index.ts'
import { changedFields } from '../sync/content.ts'
import { instantOfMillis, type Instant } from '../sync/instant.ts'
import { fitsItself, type StandingState } from '../sync/stored-states.ts'

/** How a record here differs from what Zoho says of it. */
export interface Finding {
  readonly class: DifferenceClass
  /** Names of what differs, as far as the body carries it. */
  readonly fields: readonly string[]
}

/**
 * Compares a record as it stands with what Zoho's list says of it; null where the two agree. Pure. A row that does not fit
 * the hash beside it was changed by no code of ours, and that is said first: whatever else differs may follow from it.
 */
export function compareRecord(stored: StandingState | null, listed: MappedRecord): Finding | null {
  if (stored === null) return { class: 'missing_here', fields: [] }
  const fields = differingFields(stored, listed)
  if (stored.deletedAt !== null) return { class: 'deleted_here', fields: [...fields, 'deleted_at'] }
  if (!fitsItself(stored)) return { class: 'damaged', fields: [...fields, 'content_hash'] }
  const version = versionOf(listed)
  if (version !== null && stored.version !== null && version !== stored.version) {
    return { class: version > stored.version ? 'stale' : 'ahead', fields }
  }
  return fields.length === 0 ? null : { class: 'different', fields }
}

/** The version that a body carries, or null. */
export function versionOf({ version }: MappedRecord): Instant | null {
  return version === null ? null : instantOfMillis(version)
}

function differingFields(stored: StandingState, listed: MappedRecord): string[] {
  const fields = changedFields(stored, listed)
  const isTold = listed.customFields === undefined && Array.isArray(listed.raw['custom_fields'])
  if (isTold && contradictsCustomFields(stored, listed.raw)) fields.push('custom_fields')
  return fields
}

/** A list may show fewer custom fields than the detail: only those that it shows can contradict. */
function contradictsCustomFields(
  stored: StandingState,
  { custom_fields: told = null }: ExactObject,
): boolean {
  const shown = objectOf(readCustomFields(told))
  const held = objectOf(stored.customFields)
  return Object.entries(shown).some(
    ([name, value]) => canonicalJson(value) !== canonicalJson(held[name] ?? null),
  )
}

function objectOf(text: string): ExactObject {
  const { value } = parseExactText(text, storedLimits)
  return isExactObject(value) ? value : (Object.create(null) as ExactObject)
}
