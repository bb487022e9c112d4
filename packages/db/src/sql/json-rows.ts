import type { MirrorColumn } from './record-table.ts'

/**
 * Writes rows for `json_to_recordset`: each is given as plain values and as values that already are JSON text, which are
 * laid in as they stand. A JSON text of null is left out.
 */
export function jsonRows<R>(
  rows: readonly R[],
  split: (row: R) => readonly [object, Readonly<Record<string, string | null>>],
): string {
  const texts = rows.map((row) => {
    const [plain, json] = split(row)
    let text = JSON.stringify(plain).slice(0, -1)
    for (const [name, value] of Object.entries(json)) if (value !== null) text += `,"${name}":${value}`
    return `${text}}`
  })
  return `[${texts.join(',')}]`
}

/** Splits the texts of typed columns into those that are values and those that are JSON themselves, for `jsonRows`. */
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
