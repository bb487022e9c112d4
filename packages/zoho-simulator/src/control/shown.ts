import { readJson, type Json, type JsonObject } from '../exact/json.ts'
import type { Mutation } from '../mutations/mutate.ts'

/** For values that hold nothing but text, whole numbers and more of the same. */
export function asJson(value: object): Json {
  return readJson(JSON.stringify(value))
}

/** A mutation without the record. */
export function mutationSummary({ type, kind, id, change, version }: Mutation): JsonObject {
  return { type, kind, id, change, version }
}

/** A mutation with the record as it stood afterwards. */
export function mutationJson(mutation: Mutation): JsonObject {
  return { ...mutationSummary(mutation), detail: mutation.detail }
}
