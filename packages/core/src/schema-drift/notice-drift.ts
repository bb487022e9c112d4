import type { DriftSighting } from '@tds/db'
import type { EntityDefinition, EntityType } from '../entities/define-entity.ts'
import type { BodyShape } from '../entities/body-shape.ts'
import { exactStringify, isExactObject, type ExactJson, type ExactObject } from '../json/index.ts'
import { jsonTypeOf } from './json-type.ts'
import { knownFieldsOf, type KnownKeys } from './known-fields.ts'

/** Fields of one type held in memory between two writes; what is beyond is only counted. */
const fieldsPerType = 500
/** Characters of a path or a sample that are kept. */
const keptLength = 200

/** Every field noticed since it was last taken, by type. The process has one; it holds little, whatever comes. */
const noticed = new Map<EntityType, Noticed>()

interface Noticed {
  readonly fields: Map<string, Sighting>
  /** Sightings beyond the limit, by shape. */
  readonly overflow: Map<BodyShape, number>
}

interface Sighting extends Omit<DriftSighting, 'times'> {
  times: number
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
  for (const sighting of sightings) add(sighting.entity_type as EntityType, sighting)
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
  const jsonType = value === undefined ? 'absent' : jsonTypeOf(value)
  const shown = storable(path)
  const held = noticed.get(entity.type)
  const known = held?.fields.get(identityOf(shape, shown, kind, jsonType))
  if (known !== undefined) known.times += 1
  else if (held !== undefined && held.fields.size >= fieldsPerType) addOverflow(held, shape, 1)
  else {
    // A sample is made only the first time: stringifying is the one thing here that takes time.
    const sample = value === undefined ? null : storable(exactStringify(value))
    add(entity.type, {
      entity_type: entity.type,
      shape,
      path: shown,
      kind,
      json_type: jsonType,
      times: 1,
      sample,
    })
  }
}

function add(type: EntityType, sighting: DriftSighting): void {
  const held = noticed.get(type) ?? { fields: new Map<string, Sighting>(), overflow: new Map() }
  noticed.set(type, held)
  const { shape, path, kind, json_type: jsonType, times } = sighting
  const identity = identityOf(shape, path, kind, jsonType)
  const known = held.fields.get(identity)
  if (kind === 'overflow' || (known === undefined && held.fields.size >= fieldsPerType))
    addOverflow(held, shape as BodyShape, times)
  else if (known === undefined) held.fields.set(identity, { ...sighting })
  else known.times += times
}

function addOverflow(held: Noticed, shape: BodyShape, times: number): void {
  held.overflow.set(shape, (held.overflow.get(shape) ?? 0) + times)
}

function overflowOf(type: EntityType, shape: BodyShape, times: number): DriftSighting {
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

function identityOf(shape: string, path: string, kind: string, jsonType: string): string {
  return `${shape} ${kind} ${jsonType} ${path}`
}

/** What Postgres can store and a person can read: short, whole characters, no control characters. */
function storable(text: string): string {
  if (text.length <= keptLength && /^[\x20-\x7e]*$/.test(text)) return text
  const cut = text.length <= keptLength ? text : `${text.slice(0, keptLength - 1)}…`
  return cut.toWellFormed().replace(/\p{Cc}/gu, '\u{fffd}')
}
