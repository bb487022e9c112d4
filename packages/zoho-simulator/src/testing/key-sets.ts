import { isJsonObject, type Json } from '../exact/json.ts'
import type { KeySets } from './example-keys.ts'

/** The key sets of a value, by place, in the form of the examples: `.` for the record itself, `cf_*` keys left out. */
export function keySetsOf(value: Json): Record<string, string[]> {
  const found = new Map<string, Set<string>>()
  collect(value, '', found)
  return Object.fromEntries(
    [...found].filter(([, keys]) => keys.size > 0).map(([place, keys]) => [place, [...keys].sort()]),
  )
}

/** The same key sets with the keys of each place sorted, for a comparison. */
export function sortedKeySets(sets: KeySets): Record<string, string[]> {
  return Object.fromEntries(Object.entries(sets).map(([place, keys]) => [place, [...keys].sort()]))
}

/** The union of the key sets of many values: lists are often empty in one record and filled in another. */
export function unionOfKeySets(values: readonly Json[]): Record<string, string[]> {
  return keySetsOf([...values])
}

function collect(value: Json, place: string, found: Map<string, Set<string>>): void {
  if (Array.isArray(value)) {
    for (const entry of value) collect(entry, place, found)
    return
  }
  if (!isJsonObject(value) || place.endsWith('custom_field_hash')) return
  const name = place === '' ? '.' : place
  const keys = found.get(name) ?? new Set()
  found.set(name, keys)
  for (const [key, member] of Object.entries(value)) {
    if (key.startsWith('cf_')) continue
    keys.add(key)
    collect(member, place === '' ? key : `${place}.${key}`, found)
  }
}
