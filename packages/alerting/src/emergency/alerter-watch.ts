import { leaderDuty, secondsSinceBeat, type Database } from '@tds/db'
import type { Service } from '@tds/runtime'
import { runbookUrl } from '../runbook-url.ts'
import { emergencyLook } from './emergency-watch.ts'
import type { EmergencyParts } from './emergency.ts'

/** What watching the alerter takes. */
export interface AlerterWatchOptions extends Omit<EmergencyParts, 'runbookUrl'> {
  readonly db: Database
  /** The daemon: the identity of this one start. */
  readonly daemonId: string
  readonly publicUrl: string | null
  /** From one look to the next; default 15 s. */
  readonly everyMs?: number
}

/** An alerter is heard of every 15 seconds. */
const silentSeconds = 120

/**
 * Tells people, past the alerter and its outbox, that no alerter lives, every half an hour while that lasts: one process of
 * all that watch. An installation in which none ever was expects none.
 */
export function alerterWatch(o: AlerterWatchOptions): Service {
  const { db, daemonId, publicUrl, everyMs = 15_000, ...parts } = o
  const look = emergencyLook({
    ...parts,
    runbookUrl: (rule) => runbookUrl(rule, publicUrl),
    rule: 'alerter_down',
    title: 'No alerter is alive',
    probe: async () => {
      const seconds = await secondsSinceBeat(db, 'alerter')
      if (seconds !== null && seconds > silentSeconds) throw new RangeError('no alerter was heard of')
    },
    afterMs: 0,
    repeatMs: 30 * 60_000,
  })
  return leaderDuty({
    name: 'alerter-watch',
    db,
    holder: daemonId,
    everyMs,
    runOnce: (_lease, signal) => look(signal),
  })
}
