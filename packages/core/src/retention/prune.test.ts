import { randomUUID } from 'node:crypto'
import { leaseCandidate, prunables, type Database, type LeaderLease, type Queryable } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { manualClock } from '@tds/runtime/testing'
import { pruneOnce, type PruningParts } from './prune.ts'

describe('retention', () => {
  let database: TestDatabase
  let db: Database
  let lease: LeaderLease

  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 4 })
    db = database.db
    const won = await leaseCandidate({ db, name: 'retention', holder: randomUUID() }).campaign()
    if (won === null) throw new Error('the lease was not to be had')
    lease = won
  })

  afterEach(async () => {
    await database.drop()
  })

  function prune(o: Partial<PruningParts> = {}) {
    return pruneOnce({ db, lease, signal: new AbortController().signal, ...o })
  }

  /** Puts events into the inbox, received and finished so long ago, and counts them as intake and workers do. */
  async function addEvents(status: string, age: string, count = 1): Promise<string[]> {
    const { rows } = await db.query<{ id: string }>(
      `WITH events AS (
         INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, operation_type, idempotency_key,
                content_hash, raw_body, status, received_at, processed_at)
         SELECT gen_random_uuid(), '1', 'zoho', 'product', 'upsert', gen_random_uuid()::text, 'hash', '{}',
                $1::tds_event_status, tds_now() - $2::interval,
                CASE WHEN $1 IN ('applied', 'dead_letter', 'discarded') THEN tds_now() - $2::interval END
           FROM generate_series(1, $3)
         RETURNING id, received_at
       ), counted AS (
         INSERT INTO tds_event_counts AS c (minute, status, daemon_id, events)
         SELECT date_trunc('minute', received_at), $1::tds_event_status, $4::uuid, count(*) FROM events GROUP BY 1
             ON CONFLICT (minute, status, daemon_id, lane) DO UPDATE SET events = c.events + excluded.events
       )
       SELECT id FROM events`,
      [status, age, count, randomUUID()],
    )
    return rows.map((row) => row.id)
  }

  async function openLetter(eventId: string): Promise<void> {
    await db.query(
      `INSERT INTO tds_dead_letter_queue (organization_id, entity_type, event_id, event_ids, class, fingerprint,
              failure_reason, operation_type)
       VALUES ('1', 'product', $1::uuid, ARRAY[$1::uuid], 'data', $1, 'because', 'upsert')`,
      [eventId],
    )
  }

  async function setDays(key: string, value: string): Promise<void> {
    await db.query('UPDATE tds_configuration SET config_value = $2 WHERE config_key = $1', [key, value])
  }

  async function rowsOf(table: string): Promise<number> {
    const { rows } = await db.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)
    return rows[0]?.n ?? -1
  }

  async function countsByState(): Promise<Record<string, number>> {
    const { rows } = await db.query<{ status: string; events: number }>(
      `SELECT status, sum(events)::int AS events FROM tds_event_counts GROUP BY status HAVING sum(events) <> 0`,
    )
    return Object.fromEntries(rows.map((row) => [row.status, row.events]))
  }

  async function unbalanced(): Promise<unknown[]> {
    return (await db.query('SELECT * FROM tds_v_conservation WHERE difference <> 0')).rows
  }

  async function measure(daysAgo: number): Promise<void> {
    await db.query(
      `INSERT INTO tds_metrics (metric_name, metric_type, value, recorded_at)
       VALUES ('m', 'gauge', '1', tds_now() - make_interval(days => $1))`,
      [daysAgo],
    )
  }

  async function log(daysAgo: number): Promise<void> {
    await db.query(
      `INSERT INTO tds_sync_logs (organization_id, entity_type, operation, outcome, logged_at)
       VALUES ('1', 'product', 'upsert', 'applied', tds_now() - make_interval(days => $1))`,
      [daysAgo],
    )
  }

  async function alert(o: { firedDaysAgo: number; resolvedDaysAgo: number | null }): Promise<void> {
    await db.query(
      `INSERT INTO tds_alerts (alert_type, severity, title, message, triggered_at, resolved, resolved_at)
       VALUES ('rule', 'warning', 'title', 'message', tds_now() - make_interval(days => $1), $2::int IS NOT NULL,
               tds_now() - make_interval(days => $2::int))`,
      [o.firedDaysAgo, o.resolvedDaysAgo],
    )
  }

  async function operation(
    daysAgo: number,
    o: { readonly status?: string; readonly cause?: string; readonly items?: number } = {},
  ): Promise<string> {
    const { status = 'completed', cause = null, items = 3 } = o
    const { rows } = await db.query<{ id: string }>(
      `INSERT INTO tds_operations (organization_id, kind, status, requested_by, via, cause, rate_per_second,
              stop_on_error_percent, changed_at, completed_at)
       VALUES ('1', 'replay', $2, 'amal', 'test', $3, 10, 20, tds_now() - make_interval(days => $1),
               CASE WHEN $2 = 'completed' THEN tds_now() - make_interval(days => $1) END)
       RETURNING id`,
      [daysAgo, status, cause],
    )
    const id = rows[0]?.id ?? ''
    await db.query(
      `INSERT INTO tds_operation_items (operation_id, place, dead_letter_id, predicted)
       SELECT $1, n, gen_random_uuid(), 'applied' FROM generate_series(1, $2) n`,
      [id, items],
    )
    return id
  }

  it('deletes operations that ended long ago with what became of each letter, and of those that a cause asked for the letters', async () => {
    await operation(181)
    await operation(181, { status: 'aborted' })
    const kept = [
      await operation(179),
      await operation(181, { status: 'stopped' }),
      await operation(400, { status: 'running' }),
    ]
    const caused = await operation(181, { cause: 'circuit zoho 1 7' })
    expect((await prune({ batch: 2 })).pruned).toMatchObject({ operations: 3 * 3 + 2 })
    const { rows } = await db.query<{ id: string; items: number }>(
      `SELECT o.id, count(i.place)::int AS items FROM tds_operations o
         LEFT JOIN tds_operation_items i ON i.operation_id = o.id GROUP BY o.id`,
    )
    const expected = [...kept.map((id) => ({ id, items: 3 })), { id: caused, items: 0 }]
    const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id)
    expect(rows.sort(byId)).toEqual(expected.sort(byId))
    expect((await prune()).pruned.operations).toBe(0)
  })

  it('deletes what has outlived its time, by kind, and nothing younger', async () => {
    await addEvents('applied', '8 days', 3)
    const young = await addEvents('applied', '6 days')
    await log(91)
    await log(89)
    await measure(31)
    await measure(29)
    await alert({ firedDaysAgo: 200, resolvedDaysAgo: 181 })
    await alert({ firedDaysAgo: 200, resolvedDaysAgo: 179 })
    await alert({ firedDaysAgo: 400, resolvedDaysAgo: null })
    for (const [id, state, settled] of [
      ['1', 'repaired', '91 days'],
      ['2', 'repaired', '89 days'],
      ['3', 'found', null],
    ]) {
      await db.query(
        `INSERT INTO tds_reconciliation_differences (run_id, organization_id, entity_type, zoho_id, class, probable_cause, state,
                settled_at, found_at)
         VALUES (gen_random_uuid(), '1', 'product', $1, 'stale', 'x', $2, tds_now() - $3::interval, tds_now() - interval '1 year')`,
        [id, state, settled],
      )
    }
    // The last one of its type and mode stays, however old it is.
    for (const [mode, age] of [
      ['incremental', '100 days'],
      ['incremental', '1 day'],
      ['backfill', '400 days'],
    ]) {
      await db.query(
        `INSERT INTO tds_sync_runs (organization_id, run_type, entity_type, mode, status, completed_at)
         VALUES ('1', 'scheduled', 'product', $1, 'completed', tds_now() - $2::interval)`,
        [mode, age],
      )
    }
    await db.query(
      `INSERT INTO tds_attempt_counts (span, backend, attempts)
       SELECT tds_now() - age, 1, 1 FROM unnest(ARRAY[interval '25 hours', interval '23 hours']) age`,
    )
    await db.query(
      `INSERT INTO tds_webhook_refusals (minute, answer, reason, daemon_id, refusals)
       SELECT tds_now() - age, 401, 'key_wrong', gen_random_uuid(), 1
         FROM unnest(ARRAY[interval '31 days', interval '29 days']) age`,
    )
    expect(await prune()).toEqual({
      pruned: {
        inbox_events: 3,
        sync_logs: 1,
        metrics: 1,
        alerts: 1,
        event_counts: 0,
        attempt_counts: 1,
        webhook_refusals: 1,
        calls: 0,
        call_counts: 0,
        first_sights: 0,
        webhook_counts: 0,
        differences: 1,
        runs: 1,
        operations: 0,
        notifications: 0,
        alert_timeline: 0,
        silences: 0,
        alert_groups: 0,
        notification_log: 0,
      },
      unfinished: false,
    })
    expect((await db.query<{ id: string }>('SELECT id FROM tds_inbox_events')).rows).toEqual([
      { id: young[0] },
    ])
    expect([await rowsOf('tds_sync_logs'), await rowsOf('tds_metrics'), await rowsOf('tds_alerts')]).toEqual([
      1, 1, 2,
    ])
  })

  it('never deletes what is in quarantine, waits, or has an open dead letter, however old', async () => {
    const [letter = ''] = await addEvents('dead_letter', '900 days')
    await openLetter(letter)
    await addEvents('quarantined', '900 days')
    await addEvents('pending', '900 days')
    await addEvents('dead_letter', '900 days')
    expect(await prune()).toMatchObject({ pruned: { inbox_events: 1 } })
    expect(await rowsOf('tds_inbox_events')).toBe(3)
    expect(await rowsOf('tds_dead_letter_queue')).toBe(1)
  })

  it('keeps the audit trail and what people did for good', async () => {
    await db.query(
      `INSERT INTO tds_operator_actions (actor, action, acted_at) VALUES ('a', 'b', tds_now() - interval '9 years')`,
    )
    await db.query(
      `INSERT INTO tds_audit_trail (organization_id, entity_type, entity_id, operation, cause, changed_at)
       VALUES ('1', 'product', '7', 'created', 'webhook', tds_now() - interval '9 years')`,
    )
    await prune()
    expect([await rowsOf('tds_operator_actions'), await rowsOf('tds_audit_trail')]).toEqual([1, 1])
  })

  it('follows a setting from the moment it is changed', async () => {
    await addEvents('applied', '3 days')
    expect(await prune()).toMatchObject({ pruned: { inbox_events: 0 } })
    await setDays('retention.inbox_days', '2')
    expect(await prune()).toMatchObject({ pruned: { inbox_events: 1 } })
  })

  it.each(['0', '-1', '1.5', '4000'])('does not let %s days in as a setting', async (days) => {
    await expect(setDays('retention.inbox_days', days)).rejects.toMatchObject({
      constraint: 'tds_configuration_retention_in_days',
    })
  })

  it('falls back to the days of the product where an old database holds an impossible setting', async () => {
    await db.query('ALTER TABLE tds_configuration DROP CONSTRAINT tds_configuration_retention_in_days')
    await setDays('retention.inbox_days', '0')
    await addEvents('applied', '6 days')
    expect(await prune()).toMatchObject({ pruned: { inbox_events: 0 } })
  })

  it('works in batches, and stops where its time is over, to go on in the next pass', async () => {
    await addEvents('applied', '8 days', 25)
    const clock = manualClock()
    const oneBatch = {
      ...lease,
      guard: async (...args: Parameters<LeaderLease['guard']>) => {
        await lease.guard(...args)
        await clock.advance(1000)
      },
    }
    const first = await prune({ lease: oneBatch, batch: 10, budgetMs: 1000, clock })
    expect(first).toMatchObject({ pruned: { inbox_events: 10 }, unfinished: true })
    expect(await prune({ batch: 10 })).toMatchObject({ pruned: { inbox_events: 15 }, unfinished: false })
  })

  it('takes of everything in turn, so that a mountain of one kind does not hold up the others', async () => {
    await addEvents('applied', '8 days', 30)
    await measure(31)
    const clock = manualClock()
    const slow = {
      guard: async (...args: Parameters<LeaderLease['guard']>) => {
        await lease.guard(...args)
        await clock.advance(1000)
      },
    }
    const report = await prune({ lease: slow, batch: 10, budgetMs: 1000 * prunables.length, clock })
    expect(report).toMatchObject({ pruned: { inbox_events: 10, metrics: 1 }, unfinished: true })
  })

  it('writes nothing when its term is over', async () => {
    await addEvents('applied', '8 days')
    await db.query(`UPDATE tds_leases SET epoch = epoch + 1`)
    await expect(prune()).rejects.toMatchObject({ code: 'lease_lost' })
    expect(await rowsOf('tds_inbox_events')).toBe(1)
  })

  it('leaves rows that somebody holds to a later pass, and does not wait for them', async () => {
    const [held] = await addEvents('applied', '8 days', 2)
    await db.transaction(async (tx) => {
      await tx.query('SELECT FROM tds_inbox_events WHERE id = $1 FOR UPDATE', [held])
      expect(await rowsPruned()).toBe(1)
    })
    expect(await rowsPruned()).toBe(1)

    async function rowsPruned(): Promise<number> {
      const { rows } = await db.query<{ n: number }>('SELECT tds_cleanup_old_inbox_events()::int AS n')
      return rows[0]?.n ?? -1
    }
  })

  describe('of the counters', () => {
    it('keeps every sum: what was received is still told by state when its rows are gone', async () => {
      await addEvents('applied', '40 days', 5)
      await addEvents('applied', '40 days 3 minutes', 2)
      await addEvents('quarantined', '40 days')
      await addEvents('applied', '1 minute', 4)
      const before = await countsByState()
      expect(await prune()).toMatchObject({ pruned: { inbox_events: 7 } })
      expect(await countsByState()).toEqual(before)
      expect(await unbalanced()).toEqual([])
    })

    it('leaves one row for a day and state, and none where nothing is left', async () => {
      await addEvents('applied', '40 days', 5)
      await addEvents('applied', '40 days', 2)
      await db.query(
        `INSERT INTO tds_event_counts (minute, status, daemon_id, events)
         SELECT date_trunc('minute', tds_now() - interval '40 days'), 'pending', gen_random_uuid(), events
           FROM (VALUES (7), (-7)) AS adjusted (events)`,
      )
      expect(await prune()).toMatchObject({ pruned: { event_counts: 4 } })
      const { rows } = await db.query(
        `SELECT status, events, minute = date_bin('1 day', minute, 'epoch') AS by_day FROM tds_event_counts`,
      )
      expect(rows).toEqual([{ status: 'applied', events: '7', by_day: true }])
      expect(await prune()).toMatchObject({ pruned: { event_counts: 0 } })
    })

    it('takes a later change of an old event in as well', async () => {
      await addEvents('quarantined', '40 days')
      await prune()
      await db.query(
        `WITH moved AS (
           UPDATE tds_inbox_events SET status = 'discarded', processed_at = tds_now() RETURNING received_at
         )
         INSERT INTO tds_event_counts (minute, status, daemon_id, events)
         SELECT date_trunc('minute', received_at), status, gen_random_uuid(), events
           FROM moved, (VALUES ('quarantined'::tds_event_status, -1), ('discarded', 1)) AS adjusted (status, events)`,
      )
      await prune()
      expect(await countsByState()).toEqual({ discarded: 1 })
      expect(await unbalanced()).toEqual([])
    })

    it('leaves a counter alone that somebody is adjusting', async () => {
      await addEvents('applied', '40 days', 3)
      await db.transaction(async (tx) => {
        await tx.query('UPDATE tds_event_counts SET events = events + 1')
        expect(await fold(db)).toBe(0)
      })
      expect(await fold(db)).toBe(1)
      expect(await countsByState()).toEqual({ applied: 4 })
    })

    it('loses no adjustment that waits for it', async () => {
      await addEvents('applied', '40 days', 3)
      let adjusting: Promise<unknown> | undefined
      await db.transaction(async (tx) => {
        expect(await fold(tx)).toBe(1)
        adjusting = db.query(
          `INSERT INTO tds_event_counts AS c (minute, status, daemon_id, events)
           SELECT minute, status, daemon_id, 1 FROM tds_event_counts
               ON CONFLICT (minute, status, daemon_id, lane) DO UPDATE SET events = c.events + 1`,
        )
        await db.query('SELECT pg_sleep(0.1)')
      })
      await adjusting
      expect(await countsByState()).toEqual({ applied: 4 })
      await fold(db)
      expect(await countsByState()).toEqual({ applied: 4 })
    })

    async function fold(on: Queryable): Promise<number> {
      const { rows } = await on.query<{ n: number }>('SELECT tds_fold_old_event_counts()::int AS n')
      return rows[0]?.n ?? -1
    }
  })
})
