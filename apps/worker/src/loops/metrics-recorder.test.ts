import { randomUUID } from 'node:crypto'
import { leaseCandidate, type LeaderLease } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { metricsRecorder, type MetricsRecorder } from './metrics-recorder.ts'

describe('the recorder of metrics', () => {
  let database: TestDatabase
  let lease: LeaderLease
  let recorder: MetricsRecorder

  beforeEach(async () => {
    database = await createTestDatabase()
    recorder = metricsRecorder({ db: database.db, daemonId: randomUUID() })
    lease = await leading()
  })

  afterEach(async () => {
    await database.drop()
  })

  async function leading(): Promise<LeaderLease> {
    const candidate = leaseCandidate({ db: database.db, name: 'metrics', holder: randomUUID() })
    const lasting = await candidate.campaign()
    if (lasting === null) throw new Error('nobody leads')
    return lasting
  }

  /** An attempt of the minute before this one: received `waited + worked` seconds before it was logged. */
  async function attempt(o: {
    waited: number
    worked: number
    outcome?: string
    entity?: string
  }): Promise<void> {
    const { waited, worked, outcome = 'applied', entity = 'product' } = o
    await database.db.query(
      `WITH logged AS (SELECT date_trunc('minute', tds_now()) - interval '30 seconds' AS at),
            event AS (
              INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type,
                     idempotency_key, content_hash, raw_body, status, received_at, processed_at)
              SELECT gen_random_uuid(), '1', 'zoho', $1, '7', 'update', gen_random_uuid()::text, 'hash', '{}', 'applied',
                     at - make_interval(secs => $2), at FROM logged RETURNING id)
       INSERT INTO tds_sync_logs (organization_id, event_id, entity_type, operation, outcome, duration_ms, logged_at)
       SELECT '1', event.id, $1, 'update', $3, $4, at FROM event, logged`,
      [entity, waited + worked, outcome, worked * 1000],
    )
  }

  async function samples(): Promise<Map<string, unknown>> {
    const { rows } = await database.db.query<{ name: string; value: string }>(
      `SELECT concat_ws(' ', metric_name, entity_type) AS name, value FROM tds_metrics
        WHERE recorded_at = date_trunc('minute', tds_now()) - interval '1 minute'`,
    )
    return new Map(rows.map(({ name, value }) => [name, JSON.parse(value)]))
  }

  it('writes how the last minute went, for each type, from rows alone', async () => {
    for (let n = 1; n <= 99; n += 1) await attempt({ waited: n, worked: 0.5 })
    await attempt({ waited: 100, worked: 0.5, outcome: 'dead_letter' })
    await attempt({ waited: 2, worked: 1, entity: 'invoice' })
    await recorder.recordOnce(lease)
    const found = await samples()
    expect(found.get('queue_wait product')).toEqual({ p50: 50.5, p95: 95.05, p99: 99.01, count: 100 })
    expect(found.get('processing product')).toEqual({ p50: 0.5, p95: 0.5, p99: 0.5, count: 100 })
    expect(found.get('end_to_end invoice')).toEqual({ p50: 3, p95: 3, p99: 3, count: 1 })
    expect(found.get('success_ratio product')).toBe(0.99)
    expect(found.get('events_finished')).toBe(101)
    expect(found.get('backlog')).toBe(0)
  })

  it('writes each minute once, however many look, and makes up for minutes in which nobody did', async () => {
    await attempt({ waited: 1, worked: 1 })
    await recorder.recordOnce(lease)
    const { rows: minutes } = await database.db.query(
      `SELECT count(DISTINCT recorded_at)::int AS minutes FROM tds_metrics`,
    )
    expect(minutes).toEqual([{ minutes: 15 }])
    const before = await count()
    // The minute may turn between the two: then its samples are new, and no others.
    await recorder.recordOnce(lease)
    const { rows } = await database.db.query(
      `SELECT metric_name FROM tds_metrics GROUP BY metric_name, entity_type, recorded_at HAVING count(*) > 1`,
    )
    expect(rows).toEqual([])
    expect(await count()).toBeLessThanOrEqual(before + 2)
  })

  it('writes nothing any more once another one leads', async () => {
    await database.db.query(`UPDATE tds_leases SET expires_at = tds_now() - interval '1 second'`)
    await leading()
    await expect(recorder.recordOnce(lease)).rejects.toMatchObject({ code: 'lease_lost' })
    expect(await count()).toBe(0)
  })

  async function count(): Promise<number> {
    return (await database.db.query('SELECT FROM tds_metrics')).rowCount
  }
})
