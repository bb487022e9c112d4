import { isExactObject, type ExactJson, type ExactObject } from './exact-json.ts'

/**
 * The value with a JSON merge patch applied (RFC 7386): members of objects are laid over, null removes one, anything else
 * replaces. Both stay as they were, and every number keeps its digits.
 */
export function mergePatch(target: ExactJson | undefined, patch: ExactJson): ExactJson {
  if (!isExactObject(patch)) return patch
  const merged = Object.create(null) as ExactObject
  if (isExactObject(target)) Object.assign(merged, target)
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) Reflect.deleteProperty(merged, key)
    else merged[key] = mergePatch(merged[key], value)
  }
  return merged
}
