import { randomUUID } from 'node:crypto'

import type { Database } from './database.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'

describe('the schema', () => {
  let database: TestDatabase
  let db: Database

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 2 })
    db = database.db
  })

  beforeEach(async () => {
    await db.query(
      `TRUNCATE tds_inbox_events, tds_event_counts, tds_dead_letter_queue, tds_sync_logs, tds_daemons, tds_work_claims`,
    )
  })

  afterAll(async () => {
    await database.drop()
  })

  interface EventFacts {
    status: string
    receivedAgo?: string
    processedAgo?: string | null
    version?: string
  }

  /** Puts an event into the inbox and counts it, as intake and workers do. */
  async function addEvent({ status, receivedAgo = '0', processedAgo = null }: EventFacts): Promise<string> {
    const id = randomUUID()
    await db.query(
      `WITH event AS (
         INSERT INTO tds_inbox_events
           (id, organization_id, source_type, entity_type, source_entity_id, operation_type, idempotency_key,
            content_hash, raw_body, status, received_at, processed_at)
         VALUES ($1::uuid, '1', 'zoho', 'product', '7', 'upsert', $1::uuid::text, 'hash', '{}', $2::tds_event_status,
                 tds_now() - $3::interval, tds_now() - $4::interval)
         RETURNING received_at, status
       )
       INSERT INTO tds_event_counts AS counted (minute, status, daemon_id, events)
       SELECT date_trunc('minute', received_at), status, $5, 1 FROM event
       ON CONFLICT (minute, status, daemon_id, lane) DO UPDATE SET events = counted.events + 1`,
      [id, status, receivedAgo, processedAgo, '00000000-0000-0000-0000-000000000001'],
    )
    return id
  }

  async function addDeadLetter(o: { status: string; eventId: string; eventIds?: string[] }): Promise<void> {
    await db.query(
      `INSERT INTO tds_dead_letter_queue
         (organization_id, entity_type, source_entity_id, event_id, event_ids, class, fingerprint, failure_reason,
          operation_type, status, resolved_at)
       VALUES ('1', 'product', '7', $1, $2, 'data', $3, 'because', 'upsert', $4, $5)`,
      [
        o.eventId,
        o.eventIds ?? [o.eventId],
        randomUUID(),
        o.status,
        o.status === 'open' ? null : '2026-01-01T00:00:00Z',
      ],
    )
  }

  async function inboxIds(): Promise<string[]> {
    const { rows } = await db.query<{ id: string }>('SELECT id FROM tds_inbox_events')
    return rows.map((row) => row.id).sort()
  }

  describe('tds_now()', () => {
    it('is the clock of the database', async () => {
      const { rows } = await db.query<{ near: boolean }>(
        `SELECT abs(extract(epoch FROM clock_timestamp() - tds_now())) < 0.1 AS near`,
      )
      expect(rows).toEqual([{ near: true }])
    })

    it('is moved by tds.clock_offset, also where it is a default', async () => {
      await db.transaction(async (tx) => {
        await tx.query(`SET LOCAL tds.clock_offset = '-2 days'`)
        await tx.query(`INSERT INTO tds_daemons (name, version, host, pid) VALUES ('api', '1', 'here', 1)`)
      })
      const { rows } = await db.query<{ ago: string }>(
        `SELECT round(extract(epoch FROM tds_now() - started_at) / 86400, 2) AS ago FROM tds_daemons`,
      )
      expect(rows).toEqual([{ ago: '2.00' }])
    })

    it('may bound the scan of an index', async () => {
      const { rows } = await db.query<{ 'QUERY PLAN': string }>(
        `EXPLAIN SELECT id FROM tds_inbox_events
          WHERE status IN ('pending', 'processing', 'retry') AND received_at < tds_now() - interval '2 minutes'
          ORDER BY received_at LIMIT 10`,
      )
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/Index Cond: \(received_at < /)
    })
  })

  it('lets only the key of a mirror table begin with the organisation, so that no look-up of a record takes another index', async () => {
    const { rows } = await db.query<{ index: string; first: string }>(
      `SELECT i.indexrelid::regclass::text AS index, pg_get_indexdef(i.indexrelid, 1, true) AS first
         FROM pg_index k
         JOIN pg_index i ON i.indrelid = k.indrelid AND NOT i.indisprimary
        WHERE k.indisprimary AND pg_get_indexdef(k.indexrelid, 1, true) = 'organization_id'`,
    )
    expect(rows.length).toBeGreaterThan(7)
    expect(rows.filter((row) => row.first === 'organization_id')).toEqual([])
  })

  describe.each(['tds_audit_trail', 'tds_audit_seals', 'tds_operator_actions'])('%s', (table) => {
    const inserts: Readonly<Record<string, string>> = {
      tds_audit_trail: `(organization_id, entity_type, entity_id, operation, cause) VALUES ('1', 'product', '7', 'created', 'webhook')`,
      tds_audit_seals: `(first_position, last_position, digest) VALUES (1, 2, 'digest')`,
      tds_operator_actions: `(actor, action) VALUES ('somebody', 'dead_letter.replay')`,
    }

    it('takes new rows and lets nobody change, delete or truncate them, the owner included', async () => {
      await db.query(`INSERT INTO ${table} ${inserts[table] ?? ''}`)
      const column = table === 'tds_audit_trail' ? 'reason' : table === 'tds_audit_seals' ? 'digest' : 'actor'
      for (const change of [
        `UPDATE ${table} SET ${column} = ${column}`,
        `DELETE FROM ${table}`,
        `TRUNCATE ${table}`,
        `TRUNCATE ${table} CASCADE`,
      ]) {
        await expect(db.query(change)).rejects.toMatchObject({
          code: '42501',
          message: expect.stringContaining('append-only'),
        })
      }
      const { rowCount } = await db.query(`SELECT FROM ${table}`)
      expect(rowCount).toBeGreaterThan(0)
    })

    it('refuses a replica session as well', async () => {
      await db.query(`INSERT INTO ${table} ${inserts[table] ?? ''}`)
      await expect(
        db.transaction(async (tx) => {
          await tx.query('SET LOCAL session_replication_role = replica')
          await tx.query(`DELETE FROM ${table}`)
        }),
      ).rejects.toMatchObject({ code: '42501' })
    })
  })

  describe('tds_audit_trail', () => {
    it('notes the transaction that wrote an entry', async () => {
      const { rows } = await db.query<{ same: boolean }>(
        `INSERT INTO tds_audit_trail (organization_id, entity_type, entity_id, operation, cause)
         VALUES ('1', 'product', '7', 'created', 'webhook')
         RETURNING xact_id = pg_current_xact_id() AS same`,
      )
      expect(rows).toEqual([{ same: true }])
    })
  })

  describe('tds_inbox_events', () => {
    it.each(['applied', 'unchanged', 'stale', 'dead_letter', 'discarded'])(
      'has a time of processing exactly when it is final: %s',
      async (status) => {
        await expect(addEvent({ status })).rejects.toMatchObject({ code: '23514' })
        await expect(addEvent({ status, processedAgo: '0' })).resolves.toEqual(expect.any(String))
      },
    )

    it.each(['pending', 'processing', 'retry', 'quarantined'])(
      'has no time of processing while it waits: %s',
      async (status) => {
        await expect(addEvent({ status, processedAgo: '0' })).rejects.toMatchObject({ code: '23514' })
        await expect(addEvent({ status })).resolves.toEqual(expect.any(String))
      },
    )
  })

  describe('tds_v_conservation', () => {
    async function differences(): Promise<Record<string, unknown>[]> {
      const { rows } = await db.query(
        'SELECT scope, status, counted, present, difference FROM tds_v_conservation WHERE difference <> 0 ORDER BY scope, status',
      )
      return rows
    }

    it('finds no difference where every event is counted in its state', async () => {
      for (const status of ['pending', 'processing', 'retry', 'quarantined']) await addEvent({ status })
      await addEvent({ status: 'applied', processedAgo: '0' })
      await addEvent({ status: 'retry', receivedAgo: '3 days' })
      expect(await differences()).toEqual([])
      const { rows } = await db.query(
        `SELECT counted, present FROM tds_v_conservation WHERE scope = 'waiting'`,
      )
      expect(rows).toEqual([{ counted: '5', present: '5' }])
    })

    it('adds up what daemons and lanes count, negative or not', async () => {
      await addEvent({ status: 'pending' })
      await db.query(`UPDATE tds_inbox_events SET status = 'applied', processed_at = tds_now()`)
      await db.query(
        `INSERT INTO tds_event_counts (minute, status, daemon_id, events)
         SELECT minute, change.status, '00000000-0000-0000-0000-000000000002', change.events
           FROM tds_event_counts, (VALUES ('pending'::tds_event_status, -1), ('applied', 1)) AS change (status, events)`,
      )
      expect(await differences()).toEqual([])
    })

    it('shows an event that vanished', async () => {
      await addEvent({ status: 'pending' })
      await db.query('DELETE FROM tds_inbox_events')
      expect(await differences()).toEqual([
        { scope: 'minute', status: 'pending', counted: '1', present: '0', difference: '1' },
        { scope: 'waiting', status: null, counted: '1', present: '0', difference: '1' },
      ])
    })

    it('shows a change of state that was not counted', async () => {
      await addEvent({ status: 'pending' })
      await db.query(`UPDATE tds_inbox_events SET status = 'stale', processed_at = tds_now()`)
      expect(await differences()).toEqual([
        { scope: 'minute', status: 'pending', counted: '1', present: '0', difference: '1' },
        { scope: 'minute', status: 'stale', counted: '0', present: '1', difference: '-1' },
        { scope: 'waiting', status: null, counted: '1', present: '0', difference: '1' },
      ])
    })
  })

  describe('tds_cleanup_old_inbox_events()', () => {
    async function cleanUp(batch = 1000): Promise<string | undefined> {
      const { rows } = await db.query<{ removed: string }>(
        'SELECT tds_cleanup_old_inbox_events($1) AS removed',
        [batch],
      )
      return rows[0]?.removed
    }

    it('deletes what has been final for longer than the setting says, and nothing else', async () => {
      await addEvent({ status: 'applied', receivedAgo: '9 days', processedAgo: '8 days' })
      const kept = [
        await addEvent({ status: 'applied', receivedAgo: '9 days', processedAgo: '6 days' }),
        await addEvent({ status: 'pending', receivedAgo: '90 days' }),
        await addEvent({ status: 'quarantined', receivedAgo: '90 days' }),
      ]
      expect(await cleanUp()).toBe('1')
      expect(await inboxIds()).toEqual(kept.sort())
    })

    it('never deletes an event whose dead letter is open, as its newest event or an earlier one', async () => {
      const old = { status: 'dead_letter', receivedAgo: '90 days', processedAgo: '90 days' }
      const [newest, earlier, settled] = [await addEvent(old), await addEvent(old), await addEvent(old)]
      await addDeadLetter({ status: 'open', eventId: newest, eventIds: [newest, earlier] })
      await addDeadLetter({ status: 'resolved', eventId: settled })
      expect(await cleanUp()).toBe('1')
      expect(await inboxIds()).toEqual([newest, earlier].sort())
    })

    it('deletes at most one batch, the oldest first', async () => {
      const younger = await addEvent({ status: 'stale', receivedAgo: '20 days', processedAgo: '10 days' })
      await addEvent({ status: 'stale', receivedAgo: '20 days', processedAgo: '12 days' })
      await addEvent({ status: 'stale', receivedAgo: '20 days', processedAgo: '11 days' })
      expect(await cleanUp(2)).toBe('2')
      expect(await inboxIds()).toEqual([younger])
    })

    it('obeys the setting', async () => {
      await addEvent({ status: 'stale', receivedAgo: '20 days', processedAgo: '10 days' })
      const keepFor = async (days: string) =>
        db.query(`UPDATE tds_configuration SET config_value = $1 WHERE config_key = 'retention.inbox_days'`, [
          days,
        ])
      await keepFor('30')
      expect(await cleanUp()).toBe('0')
      await keepFor('7')
      expect(await cleanUp()).toBe('1')
    })
  })

  describe('tds_cleanup_old_sync_logs()', () => {
    it('deletes the logs that are older than the setting says, a batch at a time', async () => {
      await db.query(
        `INSERT INTO tds_sync_logs (organization_id, entity_type, operation, outcome, logged_at)
         SELECT '1', 'product', 'upsert', 'applied', tds_now() - make_interval(days => age)
           FROM unnest(ARRAY[100, 95, 91, 89, 1]) AS age`,
      )
      const cleanUp = async () => (await db.query('SELECT tds_cleanup_old_sync_logs(2) AS removed')).rows[0]
      expect(await cleanUp()).toEqual({ removed: '2' })
      expect(await cleanUp()).toEqual({ removed: '1' })
      expect(await cleanUp()).toEqual({ removed: '0' })
    })
  })

  describe('tds_get_queue_stats()', () => {
    it('tells how many events wait in each state and how long the oldest has waited', async () => {
      await addEvent({ status: 'pending', receivedAgo: '90 seconds' })
      await addEvent({ status: 'pending' })
      await addEvent({ status: 'quarantined' })
      const { rows } = await db.query<Record<string, string>>(
        'SELECT status, events, floor(oldest_age_seconds) AS age FROM tds_get_queue_stats()',
      )
      expect(rows).toEqual([
        { status: 'pending', events: '2', age: '90' },
        { status: 'processing', events: '0', age: null },
        { status: 'retry', events: '0', age: null },
        { status: 'quarantined', events: '1', age: '0' },
      ])
    })
  })

  describe('tds_get_health_summary()', () => {
    async function verdicts(): Promise<Record<string, string>> {
      const { rows } = await db.query<{ check_name: string; status: string }>(
        'SELECT check_name, status FROM tds_get_health_summary()',
      )
      return Object.fromEntries(rows.map((row) => [row.check_name, row.status]))
    }

    it('is healthy where events pass, nothing waits for a person and every daemon beats', async () => {
      await db.query(
        `INSERT INTO tds_daemons (name, version, host, pid) SELECT name, '1', 'here', 1 FROM unnest(ARRAY['api', 'worker', 'alerter']) AS name`,
      )
      expect(new Set(Object.values(await verdicts()))).toEqual(new Set(['healthy']))
    })

    it('judges by what came of the events, not by who runs', async () => {
      await addEvent({ status: 'pending', receivedAgo: '16 minutes' })
      await addEvent({ status: 'quarantined' })
      await addDeadLetter({ status: 'open', eventId: randomUUID() })
      await db.query(
        `INSERT INTO tds_sync_logs (organization_id, entity_type, operation, outcome)
         SELECT '1', 'product', 'upsert', outcome FROM unnest(ARRAY['applied', 'dead_letter']) AS outcome`,
      )
      expect(await verdicts()).toMatchObject({
        oldest_waiting_event: 'degraded',
        quarantine: 'degraded',
        dead_letters: 'degraded',
        success_ratio: 'unhealthy',
        daemon_worker: 'unhealthy',
      })
    })
  })

  describe('tds_sync_queue', () => {
    it('shows a waiting event with the job that carries it and the worker that holds it', async () => {
      const [carried, bare] = [await addEvent({ status: 'pending' }), await addEvent({ status: 'retry' })]
      await addEvent({ status: 'applied', processedAgo: '0' })
      const worker = randomUUID()
      await db.query(
        `INSERT INTO pgboss.job (name, data) VALUES ('apply-events', jsonb_build_object('eventIds', jsonb_build_array($1::text)))`,
        [carried],
      )
      await db.query(
        `INSERT INTO tds_work_claims (daemon_id, event_ids, expires_at) VALUES ($1, ARRAY[$2::uuid], tds_now() + '1 minute')`,
        [worker, carried],
      )
      const { rows } = await db.query(
        'SELECT inbox_event_id, id IS NOT NULL AS has_job, status, locked_by FROM tds_sync_queue',
      )
      expect(rows).toHaveLength(2)
      expect(rows).toContainEqual({
        inbox_event_id: carried,
        has_job: true,
        status: 'pending',
        locked_by: worker,
      })
      expect(rows).toContainEqual({ inbox_event_id: bare, has_job: false, status: 'retry', locked_by: null })
      await expect(db.query('SELECT FROM tds_v_active_queue')).resolves.toMatchObject({ rowCount: 2 })
    })
  })

  describe('tds_v_recent_sync_performance', () => {
    it('counts what came of the events of the last day, and leaves retries out of the ratio', async () => {
      await db.query(
        `INSERT INTO tds_sync_logs (organization_id, entity_type, operation, outcome, duration_ms, logged_at)
         SELECT '1', 'product', 'upsert', outcome, duration, tds_now() - age
           FROM (VALUES ('applied', 10, interval '1 hour'), ('unchanged', 20, '1 hour'), ('stale', 30, '1 hour'),
                        ('dead_letter', 40, '1 hour'), ('retry', 50, '1 hour'), ('dead_letter', 60, '25 hours')
                ) AS log (outcome, duration, age)`,
      )
      const { rows } = await db.query('SELECT * FROM tds_v_recent_sync_performance')
      expect(rows).toEqual([
        expect.objectContaining({
          entity_type: 'product',
          events: '4',
          applied: '1',
          unchanged: '1',
          stale: '1',
          failed: '1',
          retried: '1',
          success_ratio: '0.750000',
          p50_duration_ms: 30,
        }),
      ])
    })
  })

  describe('the small things', () => {
    it('stamps a mirrored row when it changes', async () => {
      await db.query(
        `INSERT INTO tds_products (organization_id, zoho_id, updated_at) VALUES ('1', '7', '2026-01-01')`,
      )
      const { rows } = await db.query(
        `UPDATE tds_products SET name = 'x' RETURNING updated_at > '2026-01-02' AS stamped`,
      )
      expect(rows).toEqual([{ stamped: true }])
    })

    it('keeps the duration of a run in step with its times', async () => {
      const { rows } = await db.query(
        `INSERT INTO tds_sync_runs (organization_id, run_type, started_at, completed_at)
         VALUES ('1', 'scheduled', '2026-01-01 10:00:00Z', '2026-01-01 10:01:30.5Z')
         RETURNING duration_seconds`,
      )
      expect(rows).toEqual([{ duration_seconds: '90.500000' }])
    })

    it('has one open dead letter per record and fingerprint', async () => {
      const insert = `INSERT INTO tds_dead_letter_queue
          (organization_id, entity_type, event_id, class, fingerprint, failure_reason, operation_type)
        VALUES ('1', 'product', gen_random_uuid(), 'data', 'same', 'because', 'upsert')`
      await db.query(insert)
      await expect(db.query(insert)).rejects.toMatchObject({ code: '23505' })
      await db.query(`UPDATE tds_dead_letter_queue SET status = 'discarded', resolved_at = tds_now()`)
      await expect(db.query(insert)).resolves.toMatchObject({ rowCount: 1 })
    })

    it('keeps settings in their JSON types', async () => {
      const { rows } = await db.query<{ config_key: string; config_value: string }>(
        'SELECT config_key, config_value FROM tds_configuration',
      )
      expect(Object.fromEntries(rows.map((row) => [row.config_key, JSON.parse(row.config_value)]))).toEqual({
        dead_letter_age_hours: 24,
        'replay.heals': true,
        'replay.rate_per_second': 10,
        max_retry_attempts: 3,
        retry_backoff_base_ms: 1000,
        retry_backoff_max_ms: 60000,
        ledger_sweep_minutes: 5,
        'retention.first_sights_days': 30,
        'retention.webhook_counts_days': 400,
        batch_size: 100,
        call_reserve_share: 0.6,
        full_depth_calls_per_day: 200,
        'retention.differences_days': 90,
        'retention.runs_days': 90,
        'retention.calls_days': 2,
        'retention.call_counts_days': 400,
        lock_timeout_seconds: 300,
        queue_poll_interval_ms: 1000,
        failure_rate_threshold: 0.05,
        queue_backlog_threshold: 1000,
        sync_lag_threshold_minutes: 15,
        enabled: true,
        schedule_cron: '0 2 * * *',
        'sync.incremental_cron': '*/15 * * * *',
        'sync.scheduled': true,
        'sync.whole_list_cron': '0 */4 * * *',
        'retention.event_counts_days': 30,
        'retention.inbox_days': 7,
        'retention.logs_days': 90,
        'retention.metrics_days': 30,
        'retention.alerts_days': 180,
      })
      await expect(
        db.query(`UPDATE tds_configuration SET config_value = '"3"' WHERE config_key = 'max_retry_attempts'`),
      ).rejects.toMatchObject({ code: '23514' })
    })
  })
})
