import { randomUUID } from 'node:crypto'

import type { Queryable } from './queryable.ts'
import { eventLife } from './sql/event-life.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'

describe('eventLife', () => {
  const eventId = randomUUID()
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase()
    await database.db.query(
      `INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type,
              idempotency_key, content_hash, raw_body)
       VALUES ($1, '1', 'zoho', 'product', '77', 'update', 'life', 'test', '')`,
      [eventId],
    )
    await database.db.query(
      `INSERT INTO tds_sync_logs (organization_id, event_id, entity_type, source_entity_id, operation, outcome, logged_at)
       SELECT '1', gen_random_uuid(), 'product', n::text, 'update', 'applied', tds_now() FROM generate_series(1000, 6000) n`,
    )
    await database.db.query(
      `INSERT INTO tds_audit_trail (organization_id, entity_type, entity_id, operation, cause, event_id)
       SELECT '1', 'product', n::text, 'updated', 'webhook', gen_random_uuid() FROM generate_series(1000, 6000) n`,
    )
    await database.db.query('ANALYZE tds_sync_logs')
    await database.db.query('ANALYZE tds_audit_trail')
  })
  afterAll(async () => {
    await database.drop()
  })

  it('tells what was written down before the record was known, and after', async () => {
    await database.db.query(
      `INSERT INTO tds_sync_logs (organization_id, event_id, entity_type, source_entity_id, operation, outcome, logged_at)
       VALUES ('1', $1, 'product', NULL, 'update', 'discarded', tds_now()),
              ('1', $1, 'product', '77', 'update', 'applied', tds_now() + interval '1 second')`,
      [eventId],
    )
    await database.db.query(
      `INSERT INTO tds_audit_trail (organization_id, entity_type, entity_id, operation, cause, event_id, changed_at)
       VALUES ('1', 'product', '77', 'updated', 'webhook', $1, tds_now() + interval '2 seconds')`,
      [eventId],
    )
    const life = await eventLife(database.db, eventId)
    expect(life.map(({ kind, what }) => [kind, what])).toEqual([
      ['attempt', 'discarded'],
      ['attempt', 'applied'],
      ['change', 'updated'],
    ])
  })

  it('reads neither the log nor the audit trail whole', async () => {
    let plan = ''
    const explaining: Queryable = {
      query: async (text, values) => {
        const { rows } = await database.db.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values)
        plan = rows.map((row) => row['QUERY PLAN']).join('\n')
        return { rows: [], rowCount: 0 }
      },
    }
    await eventLife(explaining, eventId)
    expect(plan).toContain('tds_sync_logs')
    expect(plan).not.toMatch(/Seq Scan on tds_(sync_logs|audit_trail)/)
  })
})
