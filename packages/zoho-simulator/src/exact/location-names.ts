import { isJsonObject, type Json } from './json.ts'

/** Renames location_* to warehouse_*, and locations to warehouses, where an older organisation is asked for. */
export function withLocationNames(value: Json, names: 'location' | 'warehouse'): Json {
  return names === 'location' ? value : renamed(value)
}

function renamed(value: Json): Json {
  if (Array.isArray(value)) return value.map(renamed)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [olderName(key), renamed(member)]))
}

function olderName(key: string): string {
  return key.replace(/^location(?=s$|_)/, 'warehouse')
}
