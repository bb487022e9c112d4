import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { createQueue, type Queue } from '@tds/queue'
import { sendReads } from './ask-for-reads.ts'

const key = { organizationId: '790000001', entityType: 'product', zohoId: '460122000000190002' }

describe('sendReads', () => {
  let database: TestDatabase
  let queue: Queue

  beforeEach(async () => {
    database = await createTestDatabase()
    queue = createQueue({ db: database.db, role: 'sender' })
    await queue.start()
  })
  afterEach(async () => {
    await queue.stop()
    await database.drop()
  })

  async function send(delaySeconds: number): Promise<void> {
    await database.db.transaction((tx) => sendReads(queue, tx, [{ ...key, reason: 'event', delaySeconds }]))
  }

  async function secondsUntilJobs(): Promise<number[]> {
    const { rows } = await database.db.query<{ seconds: number }>(
      `SELECT round(extract(epoch FROM start_after - now()))::int AS seconds
         FROM pgboss.job WHERE name = 'read-record' AND state = 'created' ORDER BY start_after`,
    )
    return rows.map((row) => row.seconds)
  }

  it('does not let a job for much later keep one for soon from being sent', async () => {
    await send(3600)
    await send(10)
    const [soon = 0, later = 0] = await secondsUntilJobs()
    expect(soon).toBeLessThanOrEqual(10)
    expect(later).toBeGreaterThan(3000)
  })

  it('sends one job for a record now, however often it is asked for', async () => {
    await send(0)
    await send(0)
    expect(await secondsUntilJobs()).toHaveLength(1)
  })
})
