import { insertDeadLetters } from './sql/insert-dead-letters.ts'
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts'

describe('insertDeadLetters', () => {
  const [older, newer] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222']
  let database: TestDatabase

  beforeEach(async () => {
    database = await createTestDatabase()
    await database.db.query(
      `INSERT INTO tds_inbox_events (id, organization_id, source_type, entity_type, source_entity_id, operation_type,
              idempotency_key, content_hash, raw_body, received_at)
       VALUES ($1, '1', 'zoho', 'product', '77', 'create', 'older', 'test', 'older', '2026-07-21 10:00+00'),
              ($2, '1', 'zoho', 'product', '77', 'update', 'newer', 'test', 'newer', '2026-07-21 11:00+00')`,
      [older, newer],
    )
  })
  afterEach(async () => {
    await database.drop()
  })

  it.each([
    ['in their order', [older, newer]],
    ['the newer first', [newer, older]],
  ])('keeps the bytes of the newest event of one letter, given up on %s', async (_order, ids) => {
    for (const id of ids) await insertDeadLetters(database.db, [letterOf(id)])
    const { rows } = await database.db.query(
      `SELECT event_id, event_ids::text[] AS event_ids, operation_type, convert_from(raw_body, 'UTF8') AS body, occurrences
         FROM tds_dead_letter_queue`,
    )
    expect(rows).toEqual([
      { event_id: newer, event_ids: ids, operation_type: 'update', body: 'newer', occurrences: 2 },
    ])
  })
})

function letterOf(eventId: string) {
  return {
    event_id: eventId,
    class: 'data' as const,
    fingerprint: 'one',
    failure_reason: 'rate: expected an exact number',
    error_code: 'bad_money',
    error_message: 'rate: expected an exact number',
    total_attempts: 1,
  }
}
