import type { SyncLogWrite } from './index.ts'
import { attemptCounts } from './sql/attempt-counts.ts'
import { insertSyncLogs } from './sql/insert-sync-logs.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'

describe('the log of attempts', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 3 })
  })
  afterEach(() => database.drop())

  const counted = () => attemptCounts(database.db, { minutes: 5, longerMinutes: 10 })

  it('counts what it writes, and a rollback takes the counts along', async () => {
    const { db } = database
    await db.transaction(async (tx) => {
      await insertSyncLogs(tx, [attempt('applied'), attempt('retry', 'unexpected')])
      await insertSyncLogs(tx, [attempt('dead_letter', 'unexpected'), attempt('quarantined')])
    })
    const whole = { attempts: 3, failed: 2, attempts_longer: 3, failed_longer: 2 }
    expect(await counted()).toEqual(whole)
    const broken = db.transaction(async (tx) => {
      await insertSyncLogs(tx, [attempt('applied')])
      throw new Error('it breaks')
    })
    await expect(broken).rejects.toThrow('it breaks')
    expect(await counted()).toEqual(whole)
  })

  it('is written by two transactions at once, of which neither waits for the counter of the other', async () => {
    const { db } = database
    const written = Promise.withResolvers<null>()
    const other = Promise.withResolvers<null>()
    const first = db.transaction(async (tx) => {
      await insertSyncLogs(tx, [attempt('applied')])
      written.resolve(null)
      await other.promise
    })
    await written.promise
    await db.transaction(async (tx) => {
      await tx.query(`SET LOCAL lock_timeout = '1s'`)
      await insertSyncLogs(tx, [attempt('applied')])
    })
    expect(await counted()).toMatchObject({ attempts: 1 })
    other.resolve(null)
    await first
    expect(await counted()).toMatchObject({ attempts: 2 })
  })
})

function attempt(outcome: string, errorCode: string | null = null): SyncLogWrite {
  return {
    organization_id: '1',
    event_id: null,
    run_id: null,
    entity_type: 'product',
    source_entity_id: '1',
    operation: 'upsert',
    outcome,
    attempt: 1,
    duration_ms: 1,
    error_code: errorCode,
    error_message: null,
    worker_id: '11111111-1111-4111-8111-111111111111',
    detail: null,
  }
}
