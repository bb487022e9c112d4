import type { DriftSighting } from '@tds/db'
import type { BodyShape } from '../entities/body-shape.ts'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { exactStringify, isExactObject, type ExactJson, type ExactObject } from '../json/index.ts'
import { jsonTypeOf } from './json-type.ts'
import { knownFieldsOf, type KnownKeys } from './known-fields.ts'

/** Fields of one type held in memory between two writes; what is beyond is only counted. */
const fieldsPerType = 500
/** Characters of a path or a sample that are kept. */
const keptLength = 200

/** Every field noticed since it was last taken, by type. The process has one; it holds little, whatever comes. */
const noticed = new Map<string, Noticed>()

interface Noticed {
  readonly fields: Map<string, Sighting>
  /** Sightings beyond the limit, by shape. */
  readonly overflow: Map<string, number>
}

interface Sighting extends Omit<DriftSighting, 'times' | 'sample'> {
  times: number
  sample: string | null
}

/**
 * Notices where a body differs from what the definition knows: fields it does not know, mapped fields that a detail lacks,
 * mapped fields of another JSON type than their columns read. Nothing is decided by it, and nothing is logged: samples may
 * be personal data. A thin hint is no body of Zoho's and is passed over.
 */
export function noticeDrift(entity: EntityDefinition, record: ExactObject, shape: BodyShape): void {
  if (isThin(entity, record)) return
  const known = knownFieldsOf(entity, shape)
  inspect({ entity, shape, known: known.record, at: '' }, record)
  for (const [key, keys] of known.rows) {
    const rows = record[key]
    if (!Array.isArray(rows)) continue
    const scope = { entity, shape, known: keys, at: `${key}[].` }
    for (const row of rows) if (isExactObject(row)) inspect(scope, row)
  }
  for (const keys of known.expected) {
    if (keys.some((key) => record[key] !== undefined)) continue
    note({ entity, shape }, { path: keys[0] ?? '', kind: 'missing', value: undefined })
  }
}

/** Takes what was noticed; the memory is empty afterwards. */
export function takeNoticedDrift(): DriftSighting[] {
  const sightings: DriftSighting[] = []
  for (const [type, { fields, overflow }] of noticed) {
    sightings.push(...fields.values())
    for (const [shape, times] of overflow) sightings.push(overflowOf(type, shape, times))
  }
  noticed.clear()
  return sightings
}

/** Gives back what could not be written. */
export function returnNoticedDrift(sightings: readonly DriftSighting[]): void {
  for (const sighting of sightings) add({ ...sighting })
}

interface Scope {
  readonly entity: EntityDefinition
  readonly shape: BodyShape
  readonly known: KnownKeys
  readonly at: string
}

function inspect(scope: Scope, object: ExactObject): void {
  for (const key of Object.keys(object)) {
    const expected = scope.known.get(key)
    if (expected === null) continue
    const value = object[key] ?? null
    if (expected === undefined) {
      if (!isVariable(key)) note(scope, { path: scope.at + key, kind: 'unknown', value })
    } else if (value !== null && value !== '' && !expected.has(jsonTypeOf(value))) {
      note(scope, { path: scope.at + key, kind: 'retyped', value })
    }
  }
}

/** Keys made of an organisation's own custom fields, and localised copies of others: they are values, not fields. */
function isVariable(key: string): boolean {
  return key.startsWith('cf_') || key.endsWith('_formatted')
}

function isThin(entity: EntityDefinition, record: ExactObject): boolean {
  return !entity.columns.some(
    (column) => column.required && column.keys.some((key) => record[key] !== undefined),
  )
}

interface Difference {
  readonly path: string
  readonly kind: 'unknown' | 'missing' | 'retyped'
  /** Undefined where nothing came. */
  readonly value: ExactJson | undefined
}

function note({ entity, shape }: Pick<Scope, 'entity' | 'shape'>, { path, kind, value }: Difference): void {
  const sighting: Sighting = {
    entity_type: entity.type,
    shape,
    path: storable(path),
    kind,
    json_type: value === undefined ? 'absent' : jsonTypeOf(value),
    times: 1,
    sample: null,
  }
  const held = add(sighting)
  // A sample is made only the first time: stringifying is the one thing here that takes time.
  if (held === sighting && value !== undefined) held.sample = storable(exactStringify(value))
}

/** Counts a sighting on the one that stands for its field, which it is itself the first time; null beyond the limit. */
function add(sighting: Sighting): Sighting | null {
  const { entity_type: type, shape, path, kind, json_type: jsonType, times } = sighting
  const held: Noticed = noticed.get(type) ?? { fields: new Map(), overflow: new Map() }
  noticed.set(type, held)
  const identity = `${shape} ${kind} ${jsonType} ${path}`
  const known = held.fields.get(identity)
  if (known !== undefined) {
    known.times += times
    return known
  }
  if (kind === 'overflow' || held.fields.size >= fieldsPerType) {
    held.overflow.set(shape, (held.overflow.get(shape) ?? 0) + times)
    return null
  }
  held.fields.set(identity, sighting)
  return sighting
}

function overflowOf(type: string, shape: string, times: number): DriftSighting {
  return {
    entity_type: type,
    shape,
    path: '…',
    kind: 'overflow',
    json_type: 'absent',
    times,
    sample: null,
  }
}

/** What Postgres can store and a person can read: short, whole characters, no control characters. */
function storable(text: string): string {
  if (text.length <= keptLength && /^[\x20-\x7e]*$/.test(text)) return text
  const cut = text.length <= keptLength ? text : `${text.slice(0, keptLength - 1)}…`
  return cut.toWellFormed().replace(/\p{Cc}/gu, '\u{fffd}')
}
