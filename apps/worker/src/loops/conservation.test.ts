import { randomUUID } from 'node:crypto'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { watchConservation, type ConservationWatch } from './conservation.ts'

describe('watchConservation', () => {
  let database: TestDatabase
  let watch: ConservationWatch

  beforeEach(async () => {
    database = await createTestDatabase()
    watch = watchConservation({ db: database.db, daemonId: randomUUID() })
  })
  afterEach(async () => {
    await database.drop()
  })

  it('finds an event that was counted and is not there, and forgets it once all is well', async () => {
    expect(await watch.compare()).toBe(0)
    expect(await watch.check.check()).toMatchObject({ status: 'healthy' })
    await database.db.query(
      `INSERT INTO tds_event_counts (minute, status, daemon_id, lane, events)
       VALUES (date_trunc('minute', tds_now() - interval '1 hour'), 'pending', gen_random_uuid(), 0, 1)`,
    )
    expect(await watch.compare()).toBe(1)
    const found = await watch.check.check()
    expect(found.status).toBe('degraded')
    expect(found.detail).toContain('1 in waiting')
    await database.db.query('DELETE FROM tds_event_counts')
    expect(await watch.compare()).toBe(0)
    expect(await watch.check.check()).toMatchObject({ status: 'healthy' })
  })

  it('says of a worker that does not lead that another one compares', async () => {
    expect((await watch.check.check()).detail).toContain('another one leads')
  })
})
