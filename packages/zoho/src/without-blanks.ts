/** JSON text without the blanks between its tokens; what stands inside strings, and how numbers are written, stays. */
export function withoutBlanks(json: Buffer): Buffer {
  const compact = Buffer.allocUnsafe(json.length)
  let length = 0
  let inString = false
  for (let at = 0; at < json.length; at += 1) {
    const byte = json[at] ?? 0
    if (!inString && isBlank(byte)) continue
    compact[length++] = byte
    if (byte === quote) inString = !inString
    // The byte after a backslash never ends a string.
    if (inString && byte === backslash && at + 1 < json.length) compact[length++] = json[++at] ?? 0
  }
  return compact.subarray(0, length)
}

const quote = 0x22
const backslash = 0x5c

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
