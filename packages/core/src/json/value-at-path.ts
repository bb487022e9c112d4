import { canonicalJson } from './canonical-json.ts'
import { isExactObject, type ExactJson, type ExactObject } from './exact-json.ts'

/** Keys and places from the outermost value inwards. */
export type JsonPath = readonly string[]

/**
 * Reads a path: keys and places of a list separated by dots (`item.locations.0.location_id`), or a JSON Pointer (RFC 6901)
 * where a key has dots itself (`/item/a.b`). Null for an empty step.
 */
export function readJsonPath(text: string): JsonPath | null {
  const path = text.startsWith('/')
    ? text
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    : text.split('.')
  return path.includes('') ? null : path
}

/** A path as a JSON Pointer, in which no key is mistaken for another. */
function jsonPointer(path: JsonPath): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/**
 * The value with another one at a path; what it was stays as it was. The last step may be a new key, or the place behind the
 * end of a list; whatever leads there must exist. Null where it does not.
 */
export function withValueAt(value: ExactJson, path: JsonPath, put: ExactJson): ExactJson | null {
  const [step, ...rest] = path
  if (step === undefined) return put
  if (Array.isArray(value)) return withPlace(value, { step, rest, put })
  if (!isExactObject(value)) return null
  const inner = rest.length === 0 ? put : withValueIn(value[step], rest, put)
  if (inner === null && rest.length > 0) return null
  return Object.assign(Object.create(null) as ExactObject, value, { [step]: inner })
}

function withPlace(
  list: readonly ExactJson[],
  { step, rest, put }: { readonly step: string; readonly rest: JsonPath; readonly put: ExactJson },
): ExactJson | null {
  if (!/^(?:0|[1-9]\d{0,8})$/.test(step)) return null
  const place = Number(step)
  if (place > list.length) return null
  const inner = rest.length === 0 ? put : withValueIn(list[place], rest, put)
  if (inner === null && rest.length > 0) return null
  return list.toSpliced(place, 1, inner)
}

function withValueIn(value: ExactJson | undefined, path: JsonPath, put: ExactJson): ExactJson | null {
  return value === undefined ? null : withValueAt(value, path, put)
}

/** Where two values differ, as JSON Pointers to the outermost places that do; lists of another length differ as a whole. */
export function changedPaths(before: ExactJson | undefined, after: ExactJson | undefined): string[] {
  return differing(before, after, [])
}

function differing(before: ExactJson | undefined, after: ExactJson | undefined, at: JsonPath): string[] {
  if (isExactObject(before) && isExactObject(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    return keys.flatMap((key) => differing(before[key], after[key], [...at, key]))
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((one, place) => differing(one, after[place], [...at, String(place)]))
  return isSame(before, after) ? [] : [jsonPointer(at)]
}

function isSame(before: ExactJson | undefined, after: ExactJson | undefined): boolean {
  if (before === undefined || after === undefined) return before === after
  return canonicalJson(before) === canonicalJson(after)
}
