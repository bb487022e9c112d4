import { writeJson, type JsonObject } from '../exact/json.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import type { WorldRecord } from '../world/collection.ts'
import { kinds } from '../world/kinds.ts'
import type { RecordKind } from '../world/record-kind.ts'
import type { RecordType } from '../world/record-type.ts'
import { addRecord, changeRecord, type World } from '../world/world.ts'

/** What can happen to a record as a whole. */
export const mutationKinds = ['create', 'update', 'delete', 'restore'] as const

/** One of them. */
export type MutationKind = (typeof mutationKinds)[number]

/** How a mutation dates the record: by the clock, soon after its last version, or not at all (a drift, or a tie). */
export const stampings = ['now', 'next', 'keep'] as const

/** One of them. */
export type Stamping = (typeof stampings)[number]

/** Asks for one change of the world. */
export interface MutationRequest {
  type: RecordType
  kind: MutationKind
  /** Without it a record is picked at random. */
  id?: string | undefined
  /** For an update: which of the kind's changes; without it and without `set`, one is picked at random. */
  change?: string | undefined
  /** For create and update: fields to hold exactly these values afterwards; sums are not computed anew. */
  set?: JsonObject | undefined
  /** Default `now`: the clock's second, but at least one second after the last version. */
  stamp?: Stamping | undefined
}

/** One change of the world, and the record as it stood afterwards; of a deleted one, as it last was. */
export interface Mutation {
  type: RecordType
  kind: MutationKind
  id: string
  /** Which change an update made. */
  change: string | null
  /** last_modified_time in Zoho's own form. */
  version: string
  versionMs: number
  detail: JsonObject
}

/** Changes the world; throws InvalidInputError where the request cannot be met. */
export function mutate(world: World, request: MutationRequest): Mutation {
  checkRequest(request)
  const { kind: mutationKind } = request
  if (mutationKind === 'create') return create(world, request)
  const record = findRecord(world, request)
  if (mutationKind === 'update') return update(world, request, record)
  return mutationKind === 'delete' ? remove(world, request, record) : restore(world, request, record)
}

function checkRequest({ type, kind, change, set, stamp, id }: MutationRequest): void {
  const { changes, idKey } = kinds[type]
  if (change !== undefined && !(change in changes)) {
    throw new InvalidInputError(
      `A ${type} has no change ${change}; it has ${Object.keys(changes).join(', ')}`,
    )
  }
  if (kind !== 'update' && change !== undefined) {
    throw new InvalidInputError(`change belongs to an update, not to a ${kind}`)
  }
  if (set !== undefined && (kind === 'delete' || kind === 'restore')) {
    throw new InvalidInputError(`set belongs to a create or an update, not to a ${kind}`)
  }
  if (set !== undefined && (idKey in set || 'created_time' in set || 'last_modified_time' in set)) {
    throw new InvalidInputError(`set may not name ${idKey}, created_time or last_modified_time`)
  }
  if (stamp === 'keep' && kind !== 'update')
    throw new InvalidInputError('Only an update can keep its version')
  if (kind === 'create' && id !== undefined) throw new InvalidInputError('A new record gets its id from Zoho')
}

function findRecord(world: World, { type, kind, id }: MutationRequest): WorldRecord {
  const collection = world.collections[type]
  const wanted = kind === 'restore' ? 'deleted' : 'living'
  const record = id === undefined ? collection.pick(world.random, wanted) : collection.get(id)
  if (record === undefined) {
    throw new InvalidInputError(
      id === undefined ? `There is no ${wanted} ${type}` : `There is no ${type} ${id}`,
    )
  }
  if (record.deleted !== (wanted === 'deleted')) {
    throw new InvalidInputError(`The ${type} ${record.id} is ${record.deleted ? 'deleted' : 'not deleted'}`)
  }
  return record
}

function create(world: World, request: MutationRequest): Mutation {
  const nowMs = wholeSecond(world.clock.nowMs())
  const made = kinds[request.type].make(world, world.random, { createdMs: nowMs, modifiedMs: nowMs })
  addRecord(world, request.type, { ...made, detail: { ...made.detail, ...request.set } })
  return report(world, request, made.id)
}

function update(world: World, request: MutationRequest, record: WorldRecord): Mutation {
  const kind = kinds[request.type]
  const { change, fields } = chosenChange(world, { request, record, kind })
  const modifiedMs = nextVersion(world, record, request.stamp)
  const detail = dated(world, { ...record.detail, ...fields, ...request.set }, modifiedMs)
  changeRecord(world, request.type, { ...record, detail, modifiedMs })
  return report(world, { ...request, change }, record.id)
}

function remove(world: World, request: MutationRequest, record: WorldRecord): Mutation {
  changeRecord(world, request.type, { ...record, deleted: true })
  return report(world, request, record.id)
}

/** A restored record is a newer version of itself: otherwise nobody could tell it from a late event. */
function restore(world: World, request: MutationRequest, record: WorldRecord): Mutation {
  const modifiedMs = nextVersion(world, record, request.stamp)
  const detail = dated(world, record.detail, modifiedMs)
  changeRecord(world, request.type, { ...record, detail, modifiedMs, deleted: false })
  return report(world, request, record.id)
}

interface Choice {
  request: MutationRequest
  record: WorldRecord
  kind: RecordKind
}

function chosenChange(
  world: World,
  { request, record, kind }: Choice,
): { change: string | undefined; fields: JsonObject } {
  if (request.change === undefined && request.set !== undefined) return { change: undefined, fields: {} }
  const context = { world, random: world.random }
  if (request.change !== undefined) {
    const fields = kind.changes[request.change]?.(record.detail, context) ?? null
    if (fields === null) {
      throw new InvalidInputError(`The ${kind.type} ${record.id} cannot be changed by ${request.change} now`)
    }
    return { change: request.change, fields }
  }
  for (const change of world.random.shuffled(Object.keys(kind.changes))) {
    const fields = kind.changes[change]?.(record.detail, context) ?? null
    if (fields !== null && differs(record.detail, fields)) return { change, fields }
  }
  return { change: 'touch', fields: {} }
}

function differs(detail: JsonObject, fields: JsonObject): boolean {
  return Object.entries(fields).some(([key, value]) => writeJson(value) !== writeJson(detail[key] ?? null))
}

/** Zoho's versions are whole seconds, and each is later than the one before. */
function nextVersion(world: World, record: WorldRecord, stamp: Stamping = 'now'): number {
  if (stamp === 'keep') return record.modifiedMs
  const now = wholeSecond(world.clock.nowMs())
  const soonest = record.modifiedMs + 1000
  if (stamp === 'now') return Math.max(now, soonest)
  return Math.max(soonest, Math.min(now, record.modifiedMs + world.random.between(1, 600) * 1000))
}

function dated({ zone }: World, detail: JsonObject, modifiedMs: number): JsonObject {
  // A price list's detail does not show when it was modified; its row does.
  return 'last_modified_time' in detail ? { ...detail, last_modified_time: zone.time(modifiedMs) } : detail
}

function report(world: World, { type, kind, change }: MutationRequest, id: string): Mutation {
  const record = world.collections[type].get(id)
  if (record === undefined) throw new Error(`The ${type} ${id} vanished`)
  return {
    type,
    kind,
    id,
    change: change ?? null,
    version: world.zone.time(record.modifiedMs),
    versionMs: record.modifiedMs,
    detail: record.detail,
  }
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000
}
