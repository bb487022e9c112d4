import { deliveryLimits } from '@tds/core'

/** One field of a form body, decoded to bytes: what they spell is for the reader to decide. */
export interface FormField {
  readonly key: Buffer
  readonly value: Buffer
}

/**
 * Fields that a form may have. Zoho sends one and the operator's parameters, each of them set by hand; but whoever
 * can reach the api can make it take apart and sort whatever fits into a body, before anything is authentic.
 */
export const mostFormFields = deliveryLimits.keys

/**
 * Splits an `application/x-www-form-urlencoded` body into its fields, in order; null where there are more than a form
 * may have. It stays with bytes, because a decoder of text would replace what is not UTF-8: neither the signature nor
 * the strict reading after it may see a replacement.
 */
export function readFormFields(body: Buffer): FormField[] | null {
  const fields: FormField[] = []
  for (let start = 0; start < body.length;) {
    const ampersandAt = body.indexOf(ampersand, start)
    const end = ampersandAt === -1 ? body.length : ampersandAt
    if (end > start) {
      if (fields.length === mostFormFields) return null
      fields.push(fieldOf(body.subarray(start, end)))
    }
    start = end + 1
  }
  return fields
}

function fieldOf(pair: Buffer): FormField {
  const equalsAt = pair.indexOf(equals)
  if (equalsAt === -1) return { key: decoded(pair), value: Buffer.alloc(0) }
  return { key: decoded(pair.subarray(0, equalsAt)), value: decoded(pair.subarray(equalsAt + 1)) }
}

/** Undoes percent-encoding; a percent sign without two hex digits stands for itself, as browsers have it. */
function decoded(part: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(part.length)
  let length = 0
  for (let at = 0; at < part.length; at += 1) {
    const byte = part[at] ?? 0
    const escape = byte === percent ? hexPair(part, at + 1) : -1
    bytes[length] = escape !== -1 ? escape : byte === plus ? space : byte
    length += 1
    if (escape !== -1) at += 2
  }
  return bytes.subarray(0, length)
}

const percent = 0x25
const ampersand = 0x26
const plus = 0x2b
const equals = 0x3d
const space = 0x20

/** The byte that two hex digits spell, or -1. */
function hexPair(part: Buffer, at: number): number {
  const high = hexDigit(part[at])
  const low = hexDigit(part[at + 1])
  return high === -1 || low === -1 ? -1 : high * 16 + low
}

function hexDigit(code = 0): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const small = code | 0x20
  return small >= 0x61 && small <= 0x66 ? small - 0x57 : -1
}
