import type { SimulatorClock } from '../clock.ts'
import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'
import type { Zone } from '../zone.ts'
import type { Collection } from './collection.ts'
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
}

/** What a record is made of before it has times. */
export interface NewRecord {
  id: string
  detail: JsonObject
  createdMs: number
  modifiedMs: number
}

/** Puts a new record into the world. */
export function addRecord(world: World, type: RecordType, record: NewRecord): void {
  world.collections[type].put({ ...record, deleted: false })
}
