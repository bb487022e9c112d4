/** A JSON number as the digits that were sent: ids and amounts never pass through a double, which holds about 16 of them. */
export class ExactNumber {
  /** The number as written, in JSON's number grammar; whoever makes one by hand answers for that. */
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

/** A JSON object without a prototype, so that `__proto__` and `constructor` are keys like any other. */
export interface ExactObject {
  [key: string]: ExactJson
}

/** A JSON value in which every number is exact. */
export type ExactJson = null | boolean | string | ExactNumber | ExactJson[] | ExactObject

/**
 * What was put right while reading, because Postgres could not have stored it: a byte-order mark removed,
 * NUL or a lone surrogate replaced by U+FFFD. The bytes as sent are kept beside it.
 */
export type JsonFlag = 'bom' | 'nul_replaced' | 'surrogate_replaced'

/** How much a text may hold before it is refused; every limit is checked while reading, in one pass. */
export interface JsonLimits {
  /** Objects and arrays inside each other. */
  readonly depth: number
  /** Keys of all objects together. */
  readonly keys: number
  /** Values in all, lists' own included: what reading and hashing a body costs grows with them, not with its bytes. */
  readonly values: number
  /** Digits of one number, before and after the point. */
  readonly digits: number
  /** Largest exponent written out, up or down. */
  readonly exponent: number
}

/** For what strangers send: the limits that the contract promises (docs/reference/zoho.md). */
export const deliveryLimits: JsonLimits = {
  depth: 64,
  keys: 10_000,
  values: 25_000,
  digits: 100,
  exponent: 100,
}

/** For answers of Zoho's: a page of 200 records or a long price list has more keys than a delivery may have. */
export const answerLimits: JsonLimits = { ...deliveryLimits, keys: 1_000_000, values: 5_000_000 }

/**
 * For text that came back from Postgres: `jsonb` writes an exponent out, so a delivery's `1e100` returns as 101 digits.
 * 100 digits moved by an exponent of 100 either way are at most 200, and a zero before the point.
 */
export const storedLimits: JsonLimits = { ...answerLimits, digits: 201 }

/** Tells a JSON object from every other exact JSON value. */
export function isExactObject(value: ExactJson | undefined): value is ExactObject {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)
  )
}
