import { writeJson, type JsonObject } from '../exact/json.ts'
import type { RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'

/** Something that changed without a new version and without a webhook. */
export interface SilentChange {
  /** In Zoho's form, by the simulator's clock. */
  at: string
  /** What it followed from. */
  cause: string
  type: RecordType
  id: string
  /** The fields that hold other values now; none where the record as a whole came, went or moved. */
  fields: string[]
}

/** What changed silently, so that a test can ask afterwards what a mirror must have found out. */
export interface SilentChanges {
  /** Gives a record other values under the version that it has; nothing happens where they are the same. */
  set(type: RecordType, id: string, change: { cause: string; fields: JsonObject }): void
  /** Enters something that happened to a record as a whole. */
  note(cause: string, type: RecordType, id: string): void
  all(): readonly SilentChange[]
  clear(): void
}

/** Opens the book of a world's silent changes; the last ten thousand are kept. */
export function silentChanges(world: World): SilentChanges {
  let changes: SilentChange[] = []
  const enter = (change: Omit<SilentChange, 'at'>) => {
    changes.push({ at: world.zone.time(world.clock.nowMs()), ...change })
    if (changes.length > 2 * kept) changes = changes.slice(-kept)
  }
  return {
    set: (type, id, { cause, fields }) => {
      const record = world.collections[type].get(id)
      if (record === undefined) return
      const changed = Object.keys(fields).filter(
        (key) => writeJson(fields[key] ?? null) !== writeJson(record.detail[key] ?? null),
      )
      if (changed.length === 0) return
      world.collections[type].put({ ...record, detail: { ...record.detail, ...fields } })
      enter({ cause, type, id, fields: changed })
    },
    note: (cause, type, id) => enter({ cause, type, id, fields: [] }),
    all: () => changes.slice(-kept),
    clear: () => {
      changes = []
    },
  }
}

const kept = 10_000
