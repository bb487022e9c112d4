import { randomUUID } from 'node:crypto'
import { claimReads, postponeReads, requestReads, type OwedReadKey } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { pipelineChecks } from './pipeline-checks.ts'

const key: OwedReadKey = { organizationId: '790000001', entityType: 'product', zohoId: '460122000000190001' }

describe('the check of dead letters', () => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await createTestDatabase()
  })
  afterEach(async () => {
    await database.drop()
  })

  async function check() {
    const found = pipelineChecks(database.db).find(({ name }) => name === 'dead letters')
    return found?.check()
  }

  async function summary() {
    const { rows } = await database.db.query(
      `SELECT status, detail FROM tds_get_health_summary() WHERE check_name = 'dead_letters'`,
    )
    return rows[0]
  }

  async function letter(hours: number): Promise<void> {
    await database.db.query(
      `INSERT INTO tds_dead_letter_queue (organization_id, entity_type, event_id, class, fingerprint, failure_reason,
              operation_type, created_at)
       VALUES ('790000001', 'product', gen_random_uuid(), 'data', gen_random_uuid()::text, 'a fault', 'update',
               tds_now() - make_interval(hours => $1))`,
      [hours],
    )
  }

  it('degrades for one that is open, and says first how old it is once it is open for a day', async () => {
    expect(await check()).toMatchObject({ status: 'healthy' })
    expect(await summary()).toMatchObject({ status: 'healthy' })
    await letter(23)
    expect(await check()).toMatchObject({ status: 'degraded', facts: { open: 1 } })
    expect(await summary()).toMatchObject({ status: 'degraded' })
    await letter(25)
    const overdue = 'OVERDUE: a dead letter has waited 25 h for a person, limit 24 h; 2 are open.'
    expect(await check()).toMatchObject({ status: 'degraded', detail: overdue, facts: { overdue: true } })
    expect(await summary()).toMatchObject({
      status: 'degraded',
      detail: 'OVERDUE: a dead letter has waited 25.0 h for a person, limit 24 h; 2 are open',
    })
  })

  it('goes by the setting', async () => {
    await letter(25)
    await database.db.query(
      `UPDATE tds_configuration SET config_value = '48' WHERE config_key = 'dead_letter_age_hours'`,
    )
    const facts = { limitSeconds: 172_800, overdue: false }
    expect(await check()).toMatchObject({ status: 'degraded', facts })
    expect(await summary()).toMatchObject({
      status: 'degraded',
      detail: '1 dead letters are open, the oldest for 25.0 h; limit 48 h',
    })
  })
})

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
