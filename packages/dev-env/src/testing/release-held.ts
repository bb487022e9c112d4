import { setTimeout as sleep } from 'node:timers/promises'

import { releaseFuse } from '@tds/core'
import { type Database, listFuses } from '@tds/db'
import { createQueue } from '@tds/queue'
import { TdsError } from '@tds/runtime'

const LOOK_MS = 250

/**
 * Plays the person who releases whatever the deletion fuses hold, until aborted: for worlds of a handful of records that
 * delete more of them in minutes than a company does in a year.
 */
export async function releaseHeld(db: Database, signal: AbortSignal): Promise<void> {
  const queue = createQueue({ db, role: 'sender' })
  await queue.start()
  try {
    while (!signal.aborted) {
      for (const fuse of await listFuses(db)) {
        if (fuse.state !== 'blown') continue
        const { organization_id: organizationId, entity_type: entityType, held: expectedCount } = fuse
        await releaseFuse({ db, queue }, { organizationId, entityType, expectedCount }, person).catch(
          ignoreChanged,
        )
      }
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
    }
  } finally {
    await queue.stop()
  }
}

const person = { actor: 'test', reason: 'the simulator deleted them', dryRun: false, via: 'test' }

/** Another one was held, or proved alive, since the look. */
function ignoreChanged(error: unknown): void {
  if (!(error instanceof TdsError) || error.code !== 'fuse_count_differs') throw error
}
