import { randomUUID } from 'node:crypto'
import { requestReplay } from '@tds/core'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { metricsRegistry, systemClock, type Service } from '@tds/runtime'
import { createLanes } from '../lanes.ts'
import { soloGate } from '../solo-gate.ts'
import { deadLettersGauge, letterHealer, replayDuty } from './replays.ts'

const organizationId = '790000001'

describe('replays', () => {
  let database: TestDatabase
  let running: Service[]

  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 6 })
    running = []
  })
  afterEach(async () => {
    for (const one of running.reverse()) await one.stop()
    await database.drop()
  })

  const parts = () => ({
    db: database.db,
    queue: { send: () => Promise.resolve() },
    retry: () => ({ maxAttempts: 3, baseMs: 1, maxMs: 2 }),
    daemonId: randomUUID(),
    lanes: createLanes(),
    gate: soloGate(),
  })

  async function start(service: Service): Promise<void> {
    running.push(service)
    await service.start()
  }

  /** A dead letter of an event that deletes a record which was never here, so that a replay asks Zoho. */
  async function letter(kind: string, age = '0 h'): Promise<string> {
    const { rows } = await database.db.query<{ id: string }>(
      `WITH event AS (
         INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type,
                idempotency_key, content_hash, raw_body, status, processed_at, attempt_count)
         VALUES (gen_random_uuid(), $1, 'zoho', 'product', '77', 'delete', gen_random_uuid()::text, 'x', '{}', 'dead_letter',
                 tds_now(), 1) RETURNING *)
       INSERT INTO tds_dead_letter_queue (organization_id, entity_type, source_entity_id, event_id, event_ids, class, fingerprint,
              failure_reason, operation_type, raw_body, received_at, created_at)
       SELECT organization_id, entity_type, source_entity_id, id, ARRAY[id], $2::tds_dead_letter_class, $2, 'a fault',
              operation_type, raw_body, received_at, tds_now() - $3::interval FROM event RETURNING id`,
      [organizationId, kind, age],
    )
    return rows[0]?.id ?? ''
  }

  async function metric(series: string): Promise<string | undefined> {
    const lines = (await metricsRegistry.metrics()).split('\n')
    return lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1)
  }

  it('are carried out by the worker that leads the duty, with two of them there', async () => {
    const id = await letter('configuration')
    const wanted = { organizationId, filter: { ids: [id] }, words: {}, ratePerSecond: 10 }
    const { operationId } = await requestReplay(
      database.db,
      { ...wanted, stopOnErrorPercent: 20, skipStale: false },
      { actor: 'amal', reason: 'it is set up now', dryRun: false, via: 'test' },
    )
    await start(replayDuty(parts()))
    await start(replayDuty(parts()))
    await untilTrue(async () => {
      const { rows } = await database.db.query('SELECT reason FROM tds_owed_reads')
      return rows.length === 1
    })
    const { rows } = await database.db.query(
      'SELECT state FROM tds_operation_items WHERE operation_id = $1',
      [operationId],
    )
    expect(rows).toEqual([{ state: 'queued' }])
    const logged = await database.db.query(`SELECT 1 FROM tds_sync_logs WHERE outcome = 'requeued'`)
    expect(logged.rows).toHaveLength(1)
  })

  it.each([
    [true, 1],
    [false, 0],
  ])(
    'are begun by themselves for a class whose cause is gone, where replay.heals is %s',
    async (heals, operations) => {
      await letter('source')
      await database.db.query(
        `INSERT INTO tds_circuits (organization_id, service, opened) VALUES ($1, 'zoho', 1)`,
        [organizationId],
      )
      let asked = 0
      const settings = {
        flag: () => {
          asked += 1
          return heals
        },
        number: () => 10,
      } as never
      const healer = letterHealer({ db: database.db, daemonId: randomUUID(), organizationId, settings })
      await start(healer)
      await untilTrue(() => Promise.resolve(asked > 0))
      // Stopping waits for the pass in flight.
      await healer.stop()
      const { rows } = await database.db.query('SELECT requested_by FROM tds_operations')
      expect(rows).toEqual(Array.from({ length: operations }, () => ({ requested_by: 'system' })))
    },
  )

  it('tell in metrics how many letters of each class are open, and how old the oldest is', async () => {
    await letter('data', '25 h')
    await start(deadLettersGauge({ db: database.db }))
    await untilTrue(async () => (await metric('tds_dead_letters{class="data"}')) === '1')
    expect(Number(await metric('tds_dead_letter_oldest_seconds{class="data"}'))).toBeGreaterThanOrEqual(
      90_000,
    )
    expect(await metric('tds_dead_letters{class="killer"}')).toBe('0')
  })
})

async function untilTrue(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(25)
}
