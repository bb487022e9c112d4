import type { Switches } from '../switches/switches.ts'
import type { WorldRecord } from '../world/collection.ts'
import type { RecordType } from '../world/record-type.ts'
import type { RecordChange, World } from '../world/world.ts'

/** Details that lag behind: for a while, or for some reads, they show the state before a change. */
export interface DetailLag {
  /** A record was changed: from now on its detail may lag. */
  begin(change: RecordChange): void
  /** The webhook of a record went out: its lag begins once more. */
  beginAgain(type: RecordType, id: string): void
  /** What a detail shows now, and counts the read; undefined where nothing was before. */
  shown(type: RecordType, id: string): WorldRecord | undefined
}

/** Holds the earlier states that details may still show. */
export function detailLag(world: World, switches: Readonly<Switches>): DetailLag {
  const lagging = new Map<string, Lagging>()
  const now = () => world.clock.nowMs()
  const arm = (old: WorldRecord | undefined): Lagging => ({
    old,
    untilMs: now() + switches.detailLagMs,
    readsLeft: switches.detailLagReads,
  })
  const isLagging = ({ untilMs, readsLeft }: Lagging) => now() < untilMs || readsLeft > 0
  return {
    begin: ({ type, before, after }) => {
      const key = `${type} ${after.id}`
      const held = lagging.get(key)
      if (switches.detailLagMs === 0 && switches.detailLagReads === 0) lagging.delete(key)
      else lagging.set(key, arm(held !== undefined && isLagging(held) ? held.old : before))
    },
    beginAgain: (type, id) => {
      const key = `${type} ${id}`
      const held = lagging.get(key)
      if (held !== undefined) lagging.set(key, arm(held.old))
    },
    shown: (type, id) => {
      const held = lagging.get(`${type} ${id}`)
      if (held === undefined || !isLagging(held)) return world.collections[type].get(id)
      held.readsLeft = Math.max(0, held.readsLeft - 1)
      return held.old
    },
  }
}

interface Lagging {
  old: WorldRecord | undefined
  untilMs: number
  readsLeft: number
}
