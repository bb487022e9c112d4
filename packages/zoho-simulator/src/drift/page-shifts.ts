import { mutate } from '../mutations/mutate.ts'
import { seededRandom } from '../random.ts'
import type { Switches } from '../switches/switches.ts'
import type { WorldRecord } from '../world/collection.ts'
import type { RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import type { SilentChanges } from './silent-changes.ts'

/** Rows that move between the pages of a list while somebody reads it. */
export interface PageShifts {
  /** Perhaps changes a record of the pages before the one asked for; answers whether something moved. */
  beforePage(type: RecordType, earlier: readonly WorldRecord[]): boolean
}

/** What a switch and a seed make of it: the same reads of the same world meet the same shifts. */
export function pageShifts(
  world: World,
  { seed, switches, silent }: { seed: string | number; switches: Readonly<Switches>; silent: SilentChanges },
): PageShifts {
  const random = seededRandom(seed, 'page shifts')
  return {
    beforePage: (type, earlier) => {
      if (switches.pageShifts === 0 || earlier.length === 0 || !random.chance(switches.pageShifts))
        return false
      const { id } = random.pick(earlier)
      // A deletion makes a reader skip a row, a creation may show one twice, a new version does either.
      const kind = random.pick(['delete', 'create', 'update'] as const)
      const made = mutate(
        world,
        kind === 'create'
          ? { type, kind }
          : kind === 'delete'
            ? { type, kind, id }
            : { type, kind, id, change: 'touch' },
      )
      silent.note(`page-shift ${kind}`, type, made.id)
      return true
    },
  }
}
