import { entities } from '@tds/core'
import { listFuses, type Database } from '@tds/db'
import { gauge, poller, type Service } from '@tds/runtime'

const heldDeletions = gauge({
  name: 'tds_deletions_held',
  help: 'Deletions that the fuse holds until a person releases them, by type.',
  labelNames: ['entity'],
})

/** Counts, every quarter of a minute, what the fuses hold; each worker tells the same numbers. */
export function deletionsGauge({ db }: { readonly db: Database }): Service {
  return poller({
    name: 'deletions-held',
    everyMs: 15_000,
    runOnce: async () => {
      const fuses = await listFuses(db)
      for (const { type } of entities) heldDeletions.set({ entity: type }, heldOf(fuses, type))
      return { held: fuses.reduce((sum, { held }) => sum + held, 0) }
    },
  })
}

function heldOf(fuses: Awaited<ReturnType<typeof listFuses>>, type: string): number {
  return fuses.filter((fuse) => fuse.entity_type === type).reduce((sum, { held }) => sum + held, 0)
}
