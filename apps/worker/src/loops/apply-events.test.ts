import { randomUUID } from 'node:crypto'
import { carryEvents, entityOf, retryPriority } from '@tds/core'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { createQueue, type Queue } from '@tds/queue'
import type { Service } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import { createLanes } from '../lanes.ts'
import { soloGate } from '../solo-gate.ts'
import { applyEvents } from './apply-events.ts'

describe('applyEvents', () => {
  let database: TestDatabase
  let queue: Queue
  let loops: Service

  beforeEach(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 8 })
    queue = createQueue({ db: database.db, role: 'worker' })
    await queue.start()
    loops = applyEvents({
      db: database.db,
      queue,
      daemonId: randomUUID(),
      lanes: createLanes(),
      gate: soloGate(),
      batchSize: () => 10,
      retry: () => ({ maxAttempts: 50, baseMs: 60_000, maxMs: 60_000 }),
    })
    // What a slow event costs: a batch of ten takes half a second.
    await database.db.query(
      `CREATE FUNCTION be_slow() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$;
       CREATE TRIGGER be_slow BEFORE INSERT ON tds_products FOR EACH ROW WHEN (NEW.brand = 'slow')
         EXECUTE FUNCTION be_slow()`,
    )
  })

  afterEach(async () => {
    await loops.stop()
    await queue.stop()
    await database.drop()
  })

  it('does not let what is new wait for a pile of events that are tried again', async () => {
    const retried = await waiting(200, { brand: 'slow', priority: retryPriority })
    const fresh = await waiting(20, { brand: 'quick' })
    await runUntilFinished(fresh)
    expect(await unfinished(retried)).toBeGreaterThan(100)
  })

  it('does not let events that are tried again wait for a stream of new ones', async () => {
    const fresh = await waiting(200, { brand: 'slow' })
    const retried = await waiting(20, { brand: 'quick', priority: retryPriority })
    await runUntilFinished(retried)
    expect(await unfinished(fresh)).toBeGreaterThan(100)
  })

  async function runUntilFinished(ids: readonly string[]): Promise<void> {
    await loops.start()
    while ((await unfinished(ids)) > 0) await database.db.query('SELECT pg_sleep(0.02)')
  }

  async function unfinished(ids: readonly string[]): Promise<number> {
    const { rows } = await database.db.query<{ events: number }>(
      'SELECT count(*)::int AS events FROM tds_inbox_events WHERE id = ANY ($1) AND processed_at IS NULL',
      [ids],
    )
    return rows[0]?.events ?? 0
  }

  /** Puts events into the inbox, each of a record of its own, with a job for each. */
  async function waiting(
    count: number,
    { brand, priority = 0 }: { brand: string; priority?: number },
  ): Promise<string[]> {
    const events = Array.from({ length: count }, () => {
      const zohoId = String(Math.floor(Math.random() * 1e15))
      return { id: randomUUID(), zohoId, payload: payloadOf(zohoId, brand) }
    })
    await database.db.transaction(async (tx) => {
      await tx.query(
        `INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type,
                idempotency_key, content_hash, source_version, raw_body, payload, signature_verified)
         SELECT x.id, '790000001', 'zoho', 'product', x."zohoId", 'update', x.id::text, 'test',
                (x.payload #>> '{item,last_modified_time}')::timestamptz, '{}', x.payload, true
           FROM json_to_recordset($1) AS x(id uuid, "zohoId" text, payload jsonb)`,
        [JSON.stringify(events)],
      )
      for (const { id } of events) await carryEvents(queue, tx, { eventIds: [id], priority })
    })
    return events.map(({ id }) => id)
  }
})

function payloadOf(zohoId: string, brand: string): object {
  const body = JSON.parse(entityOf('product')?.example.detail ?? '{}') as { item: object }
  return { item: { ...body.item, item_id: zohoId, brand } }
}
