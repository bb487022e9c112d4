import { Decimal } from '../exact/decimal.ts'
import type { Json } from '../exact/json.ts'

/** One thing about the simulator that can be set at the start and while it runs. */
export interface Switch<T> {
  readonly start: T
  /** What a value must be, for the message that refuses another. */
  readonly expected: string
  readonly tells: string
  /** The value meant, or undefined if it is none of this switch's. */
  read(value: Json): T | undefined
}

/** Something that is on or off. */
export function flag(start: boolean, tells: string): Switch<boolean> {
  return {
    start,
    tells,
    expected: 'true or false',
    read: (value) => (typeof value === 'boolean' ? value : undefined),
  }
}

/** A whole number of at least so much. */
export function count(start: number, tells: string, least = 0): Switch<number> {
  return {
    start,
    tells,
    expected: `a whole number, ${least} or more`,
    read: (value) => wholeNumber(value, least),
  }
}

/** The most that is let through; null lets everything through. */
export function limit(start: number | null, tells: string): Switch<number | null> {
  return {
    start,
    tells,
    expected: 'a whole number, 1 or more, or null for no limit',
    read: (value) => (value === null ? null : wholeNumber(value, 1)),
  }
}

/** A share from 0 to 1. */
export function share(start: number, tells: string): Switch<number> {
  return {
    start,
    tells,
    expected: 'a share from 0 to 1',
    read: (value) => {
      const number = numberOf(value)
      return number !== undefined && number >= 0 && number <= 1 ? number : undefined
    },
  }
}

/** One of a few values; the first is the one to start with. */
export function choice<const T extends string | number>(
  values: readonly [T, ...T[]],
  tells: string,
): Switch<T> {
  return {
    start: values[0],
    tells,
    expected: `one of ${values.join(', ')}`,
    read: (value) => values.find((known) => known === (numberOf(value) ?? value)),
  }
}

/** A text, or null for none. */
export function text(tells: string): Switch<string | null> {
  return {
    start: null,
    tells,
    expected: 'text, or null for none',
    read: (value) => (value === null || typeof value === 'string' ? value : undefined),
  }
}

/** A list of texts. */
export function texts(start: readonly string[], tells: string): Switch<readonly string[]> {
  return {
    start,
    tells,
    expected: 'a list of texts',
    read: (value) => {
      if (!Array.isArray(value)) return undefined
      const read = value.filter((entry) => typeof entry === 'string')
      return read.length === value.length ? read : undefined
    },
  }
}

/** Numbers come as they are from a program, and in their own digits over HTTP. */
function numberOf(value: Json): number | undefined {
  if (value instanceof Decimal) return Number(value.source)
  return typeof value === 'number' ? value : undefined
}

function wholeNumber(value: Json, least: number): number | undefined {
  const number = numberOf(value)
  return number !== undefined && Number.isSafeInteger(number) && number >= least ? number : undefined
}
