import { Decimal } from './decimal.ts'

/** A value as it goes over the wire. Plain numbers may only be whole; everything else is a Decimal. */
export type Json = null | boolean | string | number | Decimal | Json[] | JsonObject

/** An object of such values, keys in the order in which they are written. */
export interface JsonObject {
  [key: string]: Json
}

/** Writes JSON with every decimal in the digits that it holds; throws RangeError on a number that is not whole. */
export function writeJson(value: Json): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Decimal) return value.source
  if (typeof value === 'number') return writeWhole(value)
  if (value === null || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? `[${value.map(writeJson).join(',')}]` : writeObject(value)
}

/** Reads JSON with every number as a Decimal of the digits sent; throws SyntaxError on what is not JSON. */
export function readJson(text: string): Json {
  return parseWithSource(text, (_key, value, context) =>
    typeof value === 'number' ? new Decimal(context.source) : value,
  )
}

/** Whether a value is an object with keys, and neither a list nor a number. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Decimal)
}

// The third argument of a reviver is newer than TypeScript's declaration of JSON.parse.
const parseWithSource = JSON.parse as (
  text: string,
  reviver: (key: string, value: Json, context: { source: string }) => Json,
) => Json

function writeObject(object: JsonObject): string {
  let members = ''
  for (const key of Object.keys(object)) {
    members += `${members === '' ? '' : ','}${writeKey(key)}:${writeJson(object[key] ?? null)}`
  }
  return `{${members}}`
}

/** Keys repeat in every record; writing one anew each time would take as long as the values. */
function writeKey(key: string): string {
  let written = writtenKeys.get(key)
  if (written === undefined) {
    written = JSON.stringify(key)
    if (writtenKeys.size < 10_000) writtenKeys.set(key, written)
  }
  return written
}

const writtenKeys = new Map<string, string>()

function writeWhole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`Write ${value} as a Decimal: it is not whole.`)
  return String(value)
}
