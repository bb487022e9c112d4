import type { EntityDefinition } from '../entities/define-entity.ts'
import { isExactObject, parseExactText, storedLimits, type ExactObject } from '../json/index.ts'

/** The record in a body, and the key under which it lay; null where the body is the record. */
export interface HeldRecord {
  readonly record: ExactObject
  readonly key: string | null
}

/**
 * Finds the record in a stored body: under its singular key, or the body itself where it came bare or thin.
 * The envelope was checked at intake; a body that holds no object has no keys, and so is thin.
 */
export function recordOf(entity: EntityDefinition, payload: string): HeldRecord {
  const body = parseExactText(payload, storedLimits).value
  if (!isExactObject(body)) return { record: Object.create(null) as ExactObject, key: null }
  const wrapped = body[entity.source.wrapper]
  return isExactObject(wrapped)
    ? { record: wrapped, key: entity.source.wrapper }
    : { record: body, key: null }
}
