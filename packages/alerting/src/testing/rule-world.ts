import { randomUUID } from 'node:crypto'
import { databaseTime, insertSyncLogs, type Database } from '@tds/db'
import { createTestDatabase, takeOverClock, type TestClock } from '@tds/db/testing'
import type { AlertRule, Sample } from '../rules/rule.ts'

/** The organisation of these tests. */
export const ourOrganization = '790000001'

/** A database of its own, whose time stands still, for measuring rules. */
export interface RuleWorld {
  readonly db: Database
  readonly clock: TestClock
  query(text: string, values?: readonly unknown[]): Promise<void>
  /** Measures a rule with these settings beside its defaults, an hour after the alerter began or so many seconds. */
  measure(
    rule: AlertRule,
    o?: { readonly settings?: object; readonly startedSecondsAgo?: number },
  ): Promise<readonly Sample[]>
  /** Puts events into the inbox that wait, each for so many seconds. */
  wait(o: {
    readonly events: number
    readonly seconds: number
    readonly awaitingRead?: boolean
  }): Promise<void>
  /** Writes attempts into the log, each ended so many seconds ago. */
  attempt(o: Attempts): Promise<void>
  /** Makes dead letters, each given up so many minutes ago. */
  giveUp(letters: number, minutes: number): Promise<void>
  /** Makes daemons known that beat so many seconds ago. */
  beat(o: Beat): Promise<void>
  /** Empties the tables that tests fill. */
  clear(): Promise<void>
  drop(): Promise<void>
}

/** Attempts at events, all alike. */
interface Attempts {
  readonly count: number
  readonly outcome: string
  readonly secondsAgo?: number
  readonly errorCode?: string
  readonly why?: string
}

/** A daemon. */
interface Beat {
  readonly secondsAgo: number
  readonly host?: string
  readonly startedSecondsAgo?: number
  readonly stopped?: boolean
}

const anAttempt = {
  organization_id: ourOrganization,
  event_id: null,
  run_id: null,
  entity_type: 'product',
  source_entity_id: null,
  operation: 'upsert',
  attempt: 1,
  duration_ms: 1,
  error_message: null,
  worker_id: '11111111-1111-4111-8111-111111111111',
}

/** Noon of a Monday. */
const noon = '2026-11-16T12:00:00Z'

const filled =
  'tds_inbox_events, tds_sync_logs, tds_dead_letter_queue, tds_daemons, tds_event_counts, tds_attempt_counts, tds_webhook_refusals, tds_metrics, tds_circuits, ' +
  'tds_call_budgets, tds_held_deletions, tds_deletion_fuses, tds_certificates, tds_sync_cursors, tds_sync_runs, ' +
  'tds_webhook_watches, tds_webhook_counts, tds_first_sights, tds_zoho_tokens, tds_alert_rule_runs, tds_receiver_states'

/** Makes a world of its own. */
export async function createRuleWorld(o: { readonly statementTimeoutMs?: number } = {}): Promise<RuleWorld> {
  const database = await createTestDatabase({ poolSize: 2, ...o })
  const { db } = database
  const clock = await takeOverClock(db)
  const query = async (text: string, values: readonly unknown[] = []) => {
    await db.query(text, values)
  }
  await clock.set(noon)
  return {
    db,
    clock,
    query,
    measure: (rule, o = {}) =>
      db.transaction(async (tx) => {
        const now = await databaseTime(tx)
        const startedAt = new Date(now.getTime() - (o.startedSecondsAgo ?? 3600) * 1000)
        return rule.measure({ tx, now, startedAt, settings: rule.settings.parse(o.settings ?? {}) })
      }),
    wait: ({ events, seconds, awaitingRead = false }) =>
      query(
        `INSERT INTO tds_inbox_events (organization_id, source_type, entity_type, source_entity_id, operation_type,
                idempotency_key, content_hash, raw_body, received_at, awaiting_read)
         SELECT $1, 'zoho', 'product', n::text, 'upsert', gen_random_uuid()::text, 'hash', '',
                tds_now() - make_interval(secs => $3), $4
           FROM generate_series(1, $2::int) n`,
        [ourOrganization, events, seconds, awaitingRead],
      ),
    attempt: async ({ count, outcome, secondsAgo = 10, errorCode, why }) => {
      const now = await clock.now()
      await clock.set(new Date(now.getTime() - secondsAgo * 1000).toISOString())
      const log = { ...anAttempt, outcome, error_code: errorCode ?? null, detail: why ?? null }
      await insertSyncLogs(
        db,
        Array.from({ length: count }, () => log),
      )
      await clock.set(now.toISOString())
    },
    giveUp: (letters, minutes) =>
      query(
        `INSERT INTO tds_dead_letter_queue (organization_id, entity_type, source_entity_id, event_id, class, fingerprint,
                failure_reason, operation_type, created_at)
         SELECT $1, 'product', gen_random_uuid()::text, gen_random_uuid(), 'data', 'f', 'test', 'upsert',
                tds_now() - make_interval(mins => $3)
           FROM generate_series(1, $2::int)`,
        [ourOrganization, letters, minutes],
      ),
    beat: ({ secondsAgo, host = 'one', startedSecondsAgo = 86_000, stopped = false }) =>
      query(
        `INSERT INTO tds_daemons (id, name, version, host, pid, started_at, beat_at, stopped_at)
         SELECT $1, 'worker', '0', $2, 1, tds_now() - make_interval(secs => $3), beat, CASE WHEN $5 THEN beat END
           FROM (SELECT tds_now() - make_interval(secs => $4) AS beat) b`,
        [randomUUID(), host, Math.max(startedSecondsAgo, secondsAgo), secondsAgo, stopped],
      ),
    clear: async () => {
      await clock.set(noon)
      await query(`TRUNCATE ${filled}`)
    },
    drop: () => database.drop(),
  }
}
