import type { MirrorColumn } from './record-table.ts'

/** Values that are JSON text already, by name; null stands for JSON's null. */
export type JsonTexts = Readonly<Record<string, string | null>>

/** Writes rows for `json_to_recordset`, each as `jsonObject` does; there a null becomes NULL. */
export function jsonRows<R>(
  rows: readonly R[],
  split: (row: R) => readonly [plain: object, json: JsonTexts],
): string {
  return `[${rows.map((row) => jsonObject(...split(row))).join(',')}]`
}

/** Writes an object of some plain values, at least one, and of values that are JSON text already and laid in as they stand. */
export function jsonObject(plain: object, json: JsonTexts): string {
  let text = JSON.stringify(plain).slice(0, -1)
  for (const [name, value] of Object.entries(json)) text += `,"${name}":${value ?? 'null'}`
  return `${text}}`
}

/** Splits the texts of typed columns into those that are values and those that are JSON themselves, for `jsonObject`. */
export function splitJson(
  columns: readonly MirrorColumn[],
  values: Readonly<Record<string, string | null>>,
): [plain: Record<string, string | null>, json: Record<string, string | null>] {
  const plain = { ...values }
  const json: Record<string, string | null> = {}
  for (const { name, type } of columns) {
    if (type !== 'jsonb') continue
    json[name] = values[name] ?? null
    Reflect.deleteProperty(plain, name)
  }
  return [plain, json]
}
