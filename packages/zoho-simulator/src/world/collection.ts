import type { JsonObject } from '../exact/json.ts'
import type { Random } from '../random.ts'

/** One record as Zoho holds it now; of a deleted one, as it last was. */
export interface WorldRecord {
  readonly id: string
  /** The whole detail as Zoho answers it. Replaced as a whole, never written into. */
  readonly detail: JsonObject
  readonly createdMs: number
  /** The version: last_modified_time as an instant. Price lists have one, although their detail does not show it. */
  readonly modifiedMs: number
  readonly deleted: boolean
}

/** All records of one type, living and deleted, with a quick way to pick one at random. */
export interface Collection {
  get(id: string): WorldRecord | undefined
  put(record: WorldRecord): void
  /** In the order in which they were created. */
  living(): WorldRecord[]
  deletedIds(): string[]
  livingCount(): number
  /** Grows with every change: as long as it stands, all is as it was. */
  changes(): number
  /** A random record that lives, or that is deleted; undefined if there is none. */
  pick(random: Random, state: 'living' | 'deleted'): WorldRecord | undefined
}

/** Makes an empty collection. */
export function emptyCollection(): Collection {
  const records = new Map<string, WorldRecord>()
  let changes = 0
  const pools = { living: idPool(), deleted: idPool() }
  return {
    get: (id) => records.get(id),
    put: (record) => {
      changes += 1
      records.set(record.id, record)
      pools[record.deleted ? 'deleted' : 'living'].add(record.id)
      pools[record.deleted ? 'living' : 'deleted'].remove(record.id)
    },
    living: () => [...records.values()].filter((record) => !record.deleted),
    deletedIds: () => [...records.values()].filter((record) => record.deleted).map((record) => record.id),
    livingCount: () => pools.living.ids.length,
    changes: () => changes,
    pick: (random, state) => {
      const { ids } = pools[state]
      return ids.length === 0 ? undefined : records.get(random.pick(ids))
    },
  }
}

interface IdPool {
  readonly ids: readonly string[]
  add(id: string): void
  remove(id: string): void
}

/** A list with its own index, so that a long stream of deletions does not search it every time. */
function idPool(): IdPool {
  const ids: string[] = []
  const positions = new Map<string, number>()
  return {
    ids,
    add: (id) => {
      if (positions.has(id)) return
      positions.set(id, ids.length)
      ids.push(id)
    },
    remove: (id) => {
      const position = positions.get(id)
      const last = ids.pop()
      if (position === undefined || last === undefined) {
        if (last !== undefined) ids.push(last)
        return
      }
      positions.delete(id)
      if (last === id) return
      ids[position] = last
      positions.set(last, position)
    },
  }
}
