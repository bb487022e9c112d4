import { randomUUID } from 'node:crypto'
import { claimReads, postponeReads, requestReads, type OwedReadKey } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { pipelineChecks } from './pipeline-checks.ts'

const key: OwedReadKey = { organizationId: '790000001', entityType: 'product', zohoId: '460122000000190001' }

describe('the check of owed reads', () => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await createTestDatabase()
  })
  afterEach(async () => {
    await database.drop()
  })

  async function check() {
    const found = pipelineChecks(database.db).find(({ name }) => name === 'owed reads')
    return found?.check()
  }

  async function owe(delaySeconds: number): Promise<void> {
    await requestReads(database.db, [{ ...key, reason: 'completing', eventId: null, delaySeconds }])
  }

  it('is healthy while a read waits for its time', async () => {
    await owe(3600)
    expect(await check()).toMatchObject({ status: 'healthy', facts: { owed: 1, oldestOverdueSeconds: null } })
  })

  it('degrades for a read that keeps failing, however far off its next try is', async () => {
    await owe(0)
    const daemonId = randomUUID()
    await claimReads(database.db, [key], { daemonId, ttlSeconds: 25 })
    await postponeReads(database.db, [key], {
      daemonId,
      delaySeconds: 3600,
      error: 'zoho_auth: refused',
      held: false,
    })
    await database.db.query(
      `UPDATE tds_owed_reads SET first_requested_at = first_requested_at - interval '10 minutes'`,
    )
    expect(await check()).toMatchObject({ status: 'degraded', facts: { owed: 1 } })
  })
})
