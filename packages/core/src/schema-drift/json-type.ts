import { ExactNumber, type ExactJson } from '../json/index.ts'

/** The type of a JSON value as it came; `null` stands for every blank, `""` among them. */
export type JsonType = 'string' | 'number' | 'boolean' | 'array' | 'object' | 'null'

/** Tells the type of a value. */
export function jsonTypeOf(value: ExactJson): JsonType {
  if (value === null || value === '') return 'null'
  if (value instanceof ExactNumber) return 'number'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'string') return 'string'
  return typeof value === 'boolean' ? 'boolean' : 'object'
}
