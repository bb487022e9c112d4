import { insertTimeline, recordPastEpisode, databaseTime, type Database } from '@tds/db'
import type { Poller } from '@tds/runtime'
import { fingerprintOf } from '../labels.ts'
import { runbookUrl } from '../runbook-url.ts'
import { emergencyWatch } from './emergency-watch.ts'
import type { Emergency, EmergencyParts } from './emergency.ts'

const rule = 'database_unreachable'

/**
 * Tells people by every way, past the outbox, when Postgres has not answered for a minute, every quarter of an hour while
 * that lasts, and that it is back. Afterwards the episode is written down like any other.
 */
export function databaseGoneWatch(
  o: Omit<EmergencyParts, 'runbookUrl'> & { readonly db: Database; readonly publicUrl: string | null },
): Poller {
  const { db, publicUrl, ...parts } = o
  return emergencyWatch({
    ...parts,
    runbookUrl: (name) => runbookUrl(name, publicUrl),
    rule,
    title: 'Postgres does not answer',
    probe: async () => {
      await databaseTime(db)
    },
    afterMs: 60_000,
    repeatMs: 15 * 60_000,
    everyMs: 5_000,
    onEnd: (emergency) => writeDown(db, emergency),
  })
}

async function writeDown(db: Database, { title, since, endedAt }: Emergency): Promise<void> {
  const fingerprint = fingerprintOf(rule, {})
  await db.transaction(async (tx) => {
    const alertId = await recordPastEpisode(tx, {
      rule,
      title,
      severity: 'critical',
      fingerprint,
      since: since.toISOString(),
      endedAt: (endedAt ?? new Date()).toISOString(),
    })
    await insertTimeline(tx, [
      { alertId, fingerprint, rule, event: 'fired', facts: { since: since.toISOString() } },
      { alertId, fingerprint, rule, event: 'resolved', reason: 'Postgres answers again' },
    ])
  })
}
