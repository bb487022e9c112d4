import type { BodyShape } from '../entities/body-shape.ts'
import type { ColumnDefinition, ColumnKind, EntityDefinition } from '../entities/define-entity.ts'
import { isExactObject, parseExactText, type ExactJson, type ExactObject } from '../json/index.ts'
import { jsonTypeOf, type JsonType } from './json-type.ts'

/**
 * What is known of the keys of one object, the record itself or a row within it: key → the JSON types in which its values may
 * come, or null where an example has it and no column reads it. One look-up for each key, because every body is looked through.
 */
export type KnownKeys = ReadonlyMap<string, ReadonlySet<JsonType> | null>

/** What is known of a type's bodies in one shape. */
export interface KnownFields {
  readonly record: KnownKeys
  /** Key of a mapped list → what is known of its rows. */
  readonly rows: ReadonlyMap<string, KnownKeys>
  /** The mapped keys that the example has, present name first, one of which every detail has; empty for other shapes. */
  readonly expected: readonly (readonly string[])[]
}

/**
 * What the definition knows of a body: the keys of its examples, which are what the documents know of Zoho, and the keys
 * that its columns read. Made once per definition and shape.
 */
export function knownFieldsOf(entity: EntityDefinition, shape: BodyShape): KnownFields {
  const known = made.get(entity) ?? makeKnown(entity)
  made.set(entity, known)
  return known[shape]
}

const made = new WeakMap<EntityDefinition, Record<BodyShape, KnownFields>>()

function makeKnown(entity: EntityDefinition): Record<BodyShape, KnownFields> {
  const { detail, listRow, webhook } = entity.example
  const shown = recordIn(entity, detail)
  const full = [shown, recordIn(entity, webhook)]
  const expected = [...entity.columns, ...entity.children, { keys: ['custom_fields'], sometimes: false }]
    .filter(({ keys, sometimes }) => !sometimes && keys.some((key) => shown[key] !== undefined))
    .map(({ keys }) => keys)
  return {
    detail: { ...knownIn(entity, full), expected },
    // A webhook carries what a detail does.
    webhook: { ...knownIn(entity, full), expected: [] },
    list: { ...knownIn(entity, [recordIn(entity, listRow)]), expected: [] },
  }
}

function recordIn(entity: EntityDefinition, example: string): ExactObject {
  const body = parseExactText(example).value
  const record = isExactObject(body) ? (body[entity.source.wrapper] ?? body) : body
  return isExactObject(record) ? record : (Object.create(null) as ExactObject)
}

function knownIn(
  entity: EntityDefinition,
  examples: readonly ExactObject[],
): Pick<KnownFields, 'record' | 'rows'> {
  const rows = entity.children.flatMap((child) =>
    child.keys.map((key) => {
      const shown = child.keys.flatMap((name) => examples.flatMap((example) => objectsIn(example[name])))
      return [key, knownKeys(child.columns, shown, child.known)] as const
    }),
  )
  const own = [
    ...entity.children.flatMap((child) => child.keys),
    ...ownKeys,
    entity.source.id,
    ...entity.known,
  ]
  return { record: knownKeys(entity.columns, examples, own), rows: new Map(rows) }
}

/** Keys that every record may have and that are read without being a column. */
const ownKeys = ['custom_fields', 'custom_field_hash', 'created_time', 'last_modified_time']

function objectsIn(value: ExactJson | undefined): ExactObject[] {
  return Array.isArray(value) ? value.filter(isExactObject) : []
}

function knownKeys(
  columns: readonly ColumnDefinition[],
  examples: readonly ExactObject[],
  further: readonly string[],
): KnownKeys {
  const known = new Map<string, ReadonlySet<JsonType> | null>()
  for (const key of [...further, ...examples.flatMap(Object.keys)]) known.set(key, null)
  for (const column of columns) {
    for (const key of column.keys) {
      const shown = examples.flatMap((example) =>
        example[key] === undefined ? [] : [jsonTypeOf(example[key])],
      )
      known.set(key, new Set([...naturalTypes[column.kind], ...shown]))
    }
  }
  return known
}

/** In which JSON types Zoho sends what a column of the kind reads; a column may be able to read more. */
const naturalTypes: Record<ColumnKind, readonly JsonType[]> = {
  text: ['string'],
  id: ['string'],
  decimal: ['number'],
  integer: ['number'],
  date: ['string'],
  boolean: ['boolean'],
  discount: ['number', 'string'],
  json: ['object', 'array'],
  address: ['object'],
}
