/** One field of a form body, decoded to bytes: what they spell is for the reader to decide. */
export interface FormField {
  readonly key: Buffer
  readonly value: Buffer
}

/**
 * Splits an `application/x-www-form-urlencoded` body into its fields, in order. It stays with bytes, because a decoder
 * of text would replace what is not UTF-8: neither the signature nor the strict reading after it may see a replacement.
 */
export function readFormFields(body: Buffer): FormField[] {
  return body
    .toString('latin1')
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      if (equals === -1) return { key: decoded(pair), value: Buffer.alloc(0) }
      return { key: decoded(pair.slice(0, equals)), value: decoded(pair.slice(equals + 1)) }
    })
}

/** Undoes percent-encoding; a percent sign without two hex digits stands for itself, as browsers have it. */
function decoded(part: string): Buffer {
  const bytes = Buffer.allocUnsafe(part.length)
  let length = 0
  for (let at = 0; at < part.length; at += 1) {
    const code = part.charCodeAt(at)
    const escape = code === percent ? hexPair(part, at + 1) : null
    bytes[length] = escape ?? (code === plus ? space : code)
    length += 1
    if (escape !== null) at += 2
  }
  return bytes.subarray(0, length)
}

const percent = 0x25
const plus = 0x2b
const space = 0x20

function hexPair(part: string, at: number): number | null {
  const pair = part.slice(at, at + 2)
  return /^[0-9a-fA-F]{2}$/.test(pair) ? Number.parseInt(pair, 16) : null
}
