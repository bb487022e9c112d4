import { foldDuplicateTallies, type Queryable } from '@tds/db'
import { poller, type Poller } from '@tds/runtime'

const talliesAPass = 1000

/** Takes the duplicates that met a locked row into the count of that row, as soon as the lock is gone. */
export function duplicateFolder(db: Queryable): Poller {
  return poller({
    name: 'duplicate-folder',
    everyMs: 1000,
    runOnce: async () => {
      const { folded, orphaned, left } = await foldDuplicateTallies(db, talliesAPass)
      return { folded, orphaned, left, more: folded + orphaned === talliesAPass ? 1 : 0 }
    },
  })
}
