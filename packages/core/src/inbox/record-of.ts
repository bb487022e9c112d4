import type { EntityDefinition } from '../entities/define-entity.ts'
import { isExactObject, parseExactText, storedLimits, type ExactObject } from '../json/index.ts'

/**
 * Finds the record in a stored body: under its singular key, or the body itself where it came bare or thin.
 * The envelope was checked at intake; a body that holds no object has no keys, and so is thin.
 */
export function recordOf(entity: EntityDefinition, payload: string): ExactObject {
  const body = parseExactText(payload, storedLimits).value
  if (!isExactObject(body)) return Object.create(null) as ExactObject
  const wrapped = body[entity.source.wrapper]
  return isExactObject(wrapped) ? wrapped : body
}
