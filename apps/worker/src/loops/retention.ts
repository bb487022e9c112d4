import { pruneOnce } from '@tds/core'
import { leaderDuty, type Database } from '@tds/db'
import { childLogger, counter, type Service } from '@tds/runtime'

const log = childLogger('worker:retention')
const prunedRows = counter({
  name: 'tds_rows_pruned_total',
  help: 'Rows that retention has deleted, by what they were; of event_counts those summed up by day.',
  labelNames: ['what'],
})

/** How often it is looked whether something has outlived its time. */
const everyMs = 10 * 60_000
/** The pause while there is more to delete than fits into one pass. */
const catchingUpMs = 5_000

/** Deletes what has outlived its time, in one worker of all. */
export function retentionDuty({
  db,
  daemonId,
}: {
  readonly db: Database
  readonly daemonId: string
}): Service {
  let unfinished = false
  return leaderDuty({
    name: 'retention',
    db,
    holder: daemonId,
    everyMs: () => (unfinished ? catchingUpMs : everyMs),
    runOnce: async (lease, signal) => {
      const report = await pruneOnce({ db, lease, signal })
      unfinished = report.unfinished
      const some = Object.entries(report.pruned).filter(([, rows]) => rows > 0)
      for (const [what, rows] of some) prunedRows.inc({ what }, rows)
      if (some.length > 0) log.info('old rows deleted', { ...Object.fromEntries(some), unfinished })
      return { ...report.pruned, unfinished: unfinished ? 1 : 0 }
    },
  })
}
