import { leaderDuty, planFreely, recordMetrics, type Database, type LeaderLease } from '@tds/db'
import type { Service } from '@tds/runtime'

/** How many minutes a new leader makes up for, where nobody led. */
const minutesMadeUp = 15
const everyMs = 60_000

/** The duty, and one pass of it. */
export interface MetricsRecorder extends Service {
  /** Writes samples of every minute that has none yet, and returns how many. Two passes write nothing twice. */
  recordOnce(lease: LeaderLease): Promise<number>
}

/** Writes down every minute, in one worker of all, how the path did: figures that outlive every process. */
export function metricsRecorder({
  db,
  daemonId,
}: {
  readonly db: Database
  readonly daemonId: string
}): MetricsRecorder {
  async function recordOnce(lease: LeaderLease): Promise<number> {
    return db.transaction(async (tx) => {
      await lease.guard(tx)
      await planFreely(tx)
      return recordMetrics(tx, minutesMadeUp)
    })
  }
  const service = leaderDuty({
    name: 'metrics',
    db,
    holder: daemonId,
    everyMs,
    runOnce: async (lease) => ({ samples: await recordOnce(lease) }),
  })
  return { ...service, recordOnce }
}
