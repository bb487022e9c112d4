import { Decimal } from './decimal.ts'
import { isJsonObject, type Json, type JsonObject } from './json.ts'

/** The text under a key; throws TypeError if there is none, because the world itself put it there. */
export function textOf(object: JsonObject, key: string): string {
  const value = object[key]
  if (typeof value !== 'string') throw wrongField(key, 'text')
  return value
}

/** The number under a key; throws TypeError if there is none. */
export function decimalOf(object: JsonObject, key: string): Decimal {
  const value = object[key]
  if (value instanceof Decimal) return value
  if (typeof value === 'number') return new Decimal(String(value))
  throw wrongField(key, 'a number')
}

/** The object under a key; throws TypeError if there is none. */
export function objectOf(object: JsonObject, key: string): JsonObject {
  const value = object[key]
  if (!isJsonObject(value)) throw wrongField(key, 'an object')
  return value
}

/** The list of objects under a key; empty if the key is absent or blank. */
export function objectsOf(object: JsonObject, key: string): JsonObject[] {
  const value = object[key]
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** The named fields of an object, in the order of the names; a field that it lacks stays absent. */
export function pick(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(
    keys.flatMap((key): [string, Json][] => {
      const value = object[key]
      return value === undefined ? [] : [[key, value]]
    }),
  )
}

/** The object without the named fields. */
export function omit(object: JsonObject, keys: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)))
}

function wrongField(key: string, expected: string): TypeError {
  return new TypeError(`The record's ${key} is not ${expected}`)
}
