import { Decimal } from '../exact/decimal.ts'
import { isJsonObject, type Json, type JsonObject } from '../exact/json.ts'
import { InvalidInputError } from '../invalid-input-error.ts'

/** Reads a control request's fields; every method throws InvalidInputError naming the field and what it wants. */
export interface Input {
  text(name: string): string | undefined
  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined
  listOf<T extends string>(name: string, values: readonly T[]): T[] | undefined
  number(name: string): number | undefined
  /** A whole number, 1 or more. */
  count(name: string): number | undefined
  /** A whole number, 0 or more. */
  whole(name: string): number | undefined
  counts(name: string): number[] | undefined
  flag(name: string): boolean | undefined
  object(name: string): JsonObject | undefined
  /** Numbers under these keys and no others. */
  weights<T extends string>(name: string, keys: readonly T[]): Partial<Record<T, number>> | undefined
}

/** Opens a request for reading; throws InvalidInputError if it is no object or has a field that nobody reads. */
export function readInput(body: Json, fields: readonly string[]): Input {
  if (!isJsonObject(body)) throw new InvalidInputError('Send a JSON object')
  const unknown = Object.keys(body).find((name) => !fields.includes(name))
  if (unknown !== undefined) {
    throw new InvalidInputError(`There is no field ${unknown} here; there is ${fields.join(', ')}`)
  }
  const read = <T>(
    name: string,
    expected: string,
    convert: (value: Json) => T | undefined,
  ): T | undefined => {
    const value = body[name]
    if (value === undefined) return undefined
    const converted = convert(value)
    if (converted === undefined) throw new InvalidInputError(`${name} must be ${expected}`)
    return converted
  }
  return {
    text: (name) => read(name, 'text', (value) => (typeof value === 'string' ? value : undefined)),
    oneOf: (name, values) => read(name, oneOf(values), (value) => values.find((known) => known === value)),
    listOf: (name, values) =>
      read(name, `a list, each ${oneOf(values)}`, (value) => knownValues(value, values)),
    number: (name) => read(name, 'a number', numberOf),
    count: (name) => read(name, 'a whole number, 1 or more', countOf),
    whole: (name) => read(name, 'a whole number, 0 or more', wholeOf),
    counts: (name) => read(name, 'a list of whole numbers', countsOf),
    flag: (name) => read(name, 'true or false', (value) => (typeof value === 'boolean' ? value : undefined)),
    object: (name) => read(name, 'an object', (value) => (isJsonObject(value) ? value : undefined)),
    weights: (name, keys) =>
      read(name, `an object of numbers under ${keys.join(', ')}`, (value) => weightsOf(value, keys)),
  }
}

/** The value, or an InvalidInputError that the field is missing. */
export function required<T>(name: string, value: T | undefined): T {
  if (value === undefined) throw new InvalidInputError(`${name} is missing`)
  return value
}

function oneOf(values: readonly string[]): string {
  return `one of ${values.join(', ')}`
}

function numberOf(value: Json): number | undefined {
  return value instanceof Decimal ? Number(value.source) : undefined
}

function wholeOf(value: Json): number | undefined {
  const number = numberOf(value)
  return number !== undefined && Number.isSafeInteger(number) && number >= 0 ? number : undefined
}

function countOf(value: Json): number | undefined {
  const number = numberOf(value)
  return number !== undefined && Number.isSafeInteger(number) && number > 0 ? number : undefined
}

function countsOf(value: Json): number[] | undefined {
  if (!Array.isArray(value)) return undefined
  const counts = value.map(countOf).filter((count) => count !== undefined)
  return counts.length === value.length ? counts : undefined
}

function knownValues<T extends string>(value: Json, values: readonly T[]): T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const known = values.filter((one) => value.includes(one))
  return value.every((one) => values.some((other) => other === one)) ? known : undefined
}

function weightsOf<T extends string>(
  value: Json,
  keys: readonly T[],
): Partial<Record<T, number>> | undefined {
  if (!isJsonObject(value)) return undefined
  const entries = Object.entries(value).map(([key, weight]) => [
    keys.find((known) => known === key),
    numberOf(weight),
  ])
  const valid = entries.every(
    ([key, weight]) => key !== undefined && typeof weight === 'number' && weight >= 0,
  )
  return valid ? (Object.fromEntries(entries) as Partial<Record<T, number>>) : undefined
}
