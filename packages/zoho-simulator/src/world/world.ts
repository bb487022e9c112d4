import type { SimulatorClock } from '../clock.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import type { Zone } from '../zone.ts'
import type { Collection, WorldRecord } from './collection.ts'
import type { NextId } from './ids.ts'
import type { RecordType } from './record-type.ts'
import type { ReferenceData } from './reference-data.ts'

/** Everything that the imagined organisation holds. */
export interface World {
  readonly organization: { id: string; name: string }
  readonly zone: Zone
  readonly clock: SimulatorClock
  readonly references: ReferenceData
  readonly collections: Readonly<Record<RecordType, Collection>>
  /** Chance for whatever happens after the world was made. */
  readonly random: Random
  readonly nextId: NextId
  /** Counts up, for document numbers and names that must not repeat. */
  nextNumber(): number
  /** Told of every change that a person makes; what they move silently is not told again. */
  readonly listeners: ChangeListener[]
}

/** One change that a person made: a creation has nothing before it. */
export interface RecordChange {
  type: RecordType
  before: WorldRecord | undefined
  after: WorldRecord
}

/** Whoever follows what changes. */
export type ChangeListener = (change: RecordChange) => void

/** What a record is made of before it has times. */
export interface NewRecord {
  id: string
  detail: JsonObject
  createdMs: number
  modifiedMs: number
}

/** Puts a new record into the world. */
export function addRecord(world: World, type: RecordType, record: NewRecord): void {
  changeRecord(world, type, { ...record, deleted: false })
}

/** Puts a record into its new state, and tells whoever follows. */
export function changeRecord(world: World, type: RecordType, after: WorldRecord): void {
  const before = world.collections[type].get(after.id)
  world.collections[type].put(after)
  for (const listener of world.listeners) listener({ type, before, after })
}
