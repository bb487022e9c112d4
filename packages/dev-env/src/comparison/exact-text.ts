/** A number of a JSON text in the very digits that stood there. */
export class NumberText {
  readonly digits: string

  constructor(digits: string) {
    this.digits = digits
  }
}

/** A JSON value whose numbers are text. */
export type JsonText = null | boolean | string | NumberText | JsonText[] | JsonRecord

/** A JSON object whose numbers are text. */
export interface JsonRecord {
  readonly [key: string]: JsonText
}

/** Reads JSON without letting a number through a double. Throws SyntaxError. */
export function readJsonText(text: string): JsonText {
  return (JSON.parse as ParseWithSource)(text, (_key, value, { source }) =>
    typeof value === 'number' ? new NumberText(source ?? '') : value,
  )
}

/** Whether a value is an object, and neither list nor number. */
export function isJsonRecord(value: JsonText | undefined): value is JsonRecord {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof NumberText)
  )
}

/** The one way to write a number: no exponent, no needless zeros; null for what is no number. */
export function plainDecimal(text: string): string | null {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i.exec(text.trim())
  if (match === null) return null
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const shift = Number(exponent)
  const digits = whole + fraction + '0'.repeat(Math.max(0, shift - fraction.length))
  const places = Math.max(0, fraction.length - shift)
  const padded = digits.padStart(places + 1, '0')
  const integer = padded.slice(0, padded.length - places).replace(/^0+(?=\d)/, '')
  const rest = padded.slice(padded.length - places).replace(/0+$/, '')
  const plain = rest === '' ? integer : `${integer}.${rest}`
  return plain === '0' ? plain : sign + plain
}

/** A text that is the same for values that mean the same: keys sorted, numbers plain. */
export function comparable(value: JsonText): string {
  if (value instanceof NumberText) return plainDecimal(value.digits) ?? value.digits
  if (Array.isArray(value)) return `[${value.map(comparable).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${comparable(value[key] ?? null)}`)
  return `{${members.join(',')}}`
}

/** Node hands the source of a primitive to the reviver; the compiler's library does not know yet. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => JsonText
