import { writeJson, type JsonObject } from '../exact/json.ts'
import type { WorldRecord } from '../world/collection.ts'
import { kinds } from '../world/kinds.ts'
import type { RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'

/** All that the simulator holds of one type, for a comparison field by field. */
export interface Truth {
  type: RecordType
  records: TruthRecord[]
  /** Ids that answer 404 now and once did not. */
  deleted: string[]
}

/** A record as its detail answers it now. */
export interface TruthRecord {
  id: string
  /** last_modified_time in Zoho's form, also where the detail does not show it. */
  version: string
  detail: JsonObject
}

/** Tells everything about one type. */
export function truthOf(world: World, type: RecordType): Truth {
  const collection = world.collections[type]
  const records = collection.living().map((record) => truthRecord(world, type, record))
  return { type, records, deleted: collection.deletedIds() }
}

/** Tells about one record; null if it is deleted or never was. */
export function truthOfRecord(world: World, type: RecordType, id: string): TruthRecord | null {
  const record = world.collections[type].get(id)
  return record === undefined || record.deleted ? null : truthRecord(world, type, record)
}

/** One line of JSON for each record, then one for each deleted id: `{"id","deleted":true}`. */
export function* truthLines({ records, deleted }: Truth): Generator<string> {
  for (const { id, version, detail } of records) yield `${writeJson({ id, version, detail })}\n`
  for (const id of deleted) yield `${writeJson({ id, deleted: true })}\n`
}

function truthRecord(world: World, type: RecordType, record: WorldRecord): TruthRecord {
  const kind = kinds[type]
  return {
    id: record.id,
    version: world.zone.time(record.modifiedMs),
    detail: kind.detail(record, { world, root: kind.home }),
  }
}
