import { ExactNumber, type ExactJson } from './exact-json.ts'
import { normalDecimal } from './normal-decimal.ts'

/**
 * The one text of a value: RFC 8785 (keys by UTF-16 code units, its string escapes, no blanks), except that numbers
 * are exact decimals in normal form. RFC 8785's own pass through doubles, in which two neighbouring ids of 19 digits
 * are the same number and would hash alike (docs/decisions/0002-exact-json.md). Throws RangeError as `normalDecimal` does.
 */
export function canonicalJson(value: ExactJson): string {
  if (typeof value === 'string') return quoted(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof ExactNumber) return normalDecimal(value.source)
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  let members = ''
  // Without a comparator, sort() orders by UTF-16 code units, as RFC 8785 asks.
  for (const key of Object.keys(value).sort()) {
    if (members !== '') members += ','
    members += `${quoted(key)}:${canonicalJson(value[key] as ExactJson)}`
  }
  return `{${members}}`
}

/** JSON text with the numbers as sent and keys in the object's order; reading it again gives the same value. */
export function exactStringify(value: ExactJson): string {
  if (typeof value === 'string') return quoted(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (value instanceof ExactNumber) return value.source
  if (Array.isArray(value)) return `[${value.map(exactStringify).join(',')}]`
  let members = ''
  for (const key of Object.keys(value)) {
    if (members !== '') members += ','
    members += `${quoted(key)}:${exactStringify(value[key] as ExactJson)}`
  }
  return `{${members}}`
}

// For well-formed strings the built-in escapes are those of RFC 8785; most strings need none.
function quoted(text: string): string {
  return needsEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

// eslint-disable-next-line no-control-regex -- control characters are what JSON must escape
const needsEscape = /[\u0000-\u001f"\\\ud800-\udfff]/
