import {
  canonicalJson,
  ExactNumber,
  isExactObject,
  normalDecimal,
  type ExactJson,
  type ExactObject,
} from '../json/index.ts'
import type { ColumnKind } from './define-entity.ts'
import { UnreadableValue, type UnreadableCode } from './unreadable-value.ts'

/**
 * Reads one value of Zoho's into the text that its column stores, or null for a blank.
 * Zoho sends `""` for "nothing" also where a number, id or date belongs (docs/reference/zoho.md, values).
 * Throws {@link UnreadableValue} for anything that cannot be read exactly.
 */
export function readColumn(kind: ColumnKind, value: ExactJson, field: string): string | null {
  if (value === null || value === '') return null
  return readers[kind](value, field)
}

type Reader = (value: Exclude<ExactJson, null>, field: string) => string

const readers: Record<ColumnKind, Reader> = {
  text: (value, field) => {
    if (typeof value === 'string') return value
    // A code such as a SKU may arrive as a bare number; its digits are the text.
    if (value instanceof ExactNumber) return value.source
    throw unreadable('bad_text', { field, expected: 'expected text', value })
  },
  id: (value, field) => {
    if (typeof value === 'string') return value
    if (value instanceof ExactNumber && /^\d+$/.test(value.source)) return value.source
    throw unreadable('bad_id', { field, expected: 'expected an id', value })
  },
  decimal: (value, field) => {
    const normal = decimalOf(value)
    if (normal === null) throw unreadable('bad_money', { field, expected: 'expected an exact number', value })
    return normal
  },
  integer: (value, field) => {
    const normal = decimalOf(value)
    if (normal === null || normal.includes('.') || Math.abs(Number(normal)) > 2_147_483_647) {
      throw unreadable('bad_integer', { field, expected: 'expected a whole number', value })
    }
    return normal
  },
  date: (value, field) => {
    if (typeof value === 'string' && isCalendarDate(value)) return value
    throw unreadable('bad_date', { field, expected: 'expected a date as YYYY-MM-DD', value })
  },
  boolean: (value, field) => {
    if (value === true || value === 'true') return 'true'
    if (value === false || value === 'false') return 'false'
    throw unreadable('bad_boolean', { field, expected: 'expected true or false', value })
  },
  discount: (value, field) => {
    const percent = typeof value === 'string' ? /^\s*([^%\s]+)\s*%\s*$/.exec(value)?.[1] : undefined
    const normal = decimalOf(percent ?? value)
    if (normal === null)
      throw unreadable('bad_money', { field, expected: 'expected a number or a percentage', value })
    return percent === undefined ? normal : `${normal}%`
  },
  json: (value, field) => {
    if (typeof value === 'object' && !(value instanceof ExactNumber)) return canonicalJson(value)
    throw unreadable('bad_object', { field, expected: 'expected an object', value })
  },
  address: (value, field) => {
    if (isExactObject(value)) return canonicalJson(withOnePostcode(value))
    throw unreadable('bad_object', { field, expected: 'expected an address', value })
  },
}

/** Zoho calls the postcode `zipcode` in rows of lists and `zip` in details; the one that is not blank stays, as `zip`. */
function withOnePostcode(address: ExactObject): ExactObject {
  const { zipcode, ...rest } = address
  if (zipcode === undefined) return address
  const { zip } = rest
  return zip === undefined || zip === null || zip === '' ? { ...rest, zip: zipcode } : rest
}

/** The number in normal form, or null; Zoho's documents also type amounts as text, so text in JSON's number grammar counts. */
function decimalOf(value: ExactJson): string | null {
  const source = value instanceof ExactNumber ? value.source : typeof value === 'string' ? value : null
  if (source === null) return null
  try {
    return normalDecimal(source)
  } catch {
    return null
  }
}

function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = Date.parse(`${text}T00:00:00Z`)
  // Postgres has no year 0, which Date has.
  return !Number.isNaN(time) && !text.startsWith('0000') && new Date(time).toISOString().startsWith(text)
}

function unreadable(
  code: UnreadableCode,
  o: { readonly field: string; readonly expected: string; readonly value: ExactJson },
): UnreadableValue {
  return new UnreadableValue(code, o.field, `${o.expected}, got ${kindOf(o.value)}`)
}

/** Says what came without repeating it: the value may be personal data, and messages reach logs. */
function kindOf(value: ExactJson): string {
  if (value === null) return 'null'
  if (value instanceof ExactNumber) return 'a number of another form'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'string') return `text of ${String(value.length)} characters`
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
