import { randomUUID } from 'node:crypto'
import { admitCalls, finishCall } from '@tds/db'
import { createTestDatabase, takeOverClock, type TestClock, type TestDatabase } from '@tds/db/testing'
import type { HealthResult } from '@tds/runtime'
import { callBudgetChecks } from './call-budget-check.ts'

describe('the check zoho-budget', () => {
  let database: TestDatabase
  let clock: TestClock

  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 2 })
    clock = await takeOverClock(database.db)
    await clock.set('2026-06-15T10:00:00Z')
  })

  afterEach(async () => {
    await database.drop()
  })

  async function admit(lane: string, rank: number, count = 1): Promise<string[]> {
    const terms = {
      perMinute: 60,
      perDay: 10,
      maxInFlight: 5,
      timeZone: 'Asia/Baghdad',
      slotSeconds: 45,
      paceSlackSeconds: 2,
      waitSeconds: 3,
    }
    const wishes = Array.from({ length: count }, () => ({
      id: randomUUID(),
      lane,
      rank,
      kept: 0,
      purpose: 'product',
    }))
    await admitCalls(database.db, { organizationId: '1', daemonId: randomUUID(), terms }, wishes)
    return wishes.map((wish) => wish.id)
  }

  async function check(): Promise<HealthResult> {
    const [only] = callBudgetChecks(database.db)
    if (only === undefined) throw new Error('there is no check')
    return only.check()
  }

  it('has nothing to say before the first call', async () => {
    expect(await check()).toEqual({ status: 'healthy', detail: 'Zoho was not called yet.' })
  })

  it('says what is used, who waits, and how long the day lasts', async () => {
    await admit('reread', 0, 7)
    expect(await check()).toEqual({
      status: 'healthy',
      detail:
        'Calls to Zoho: 5 of 60 in the last minute, 5 of 10 on this day, 5 of 5 in flight; at this pace they last another 60 min.',
      facts: {
        '1': {
          minute: { used: 5, limit: 60 },
          inFlight: { used: 5, limit: 5 },
          day: { used: 5, left: 5, limit: 10, endsInSeconds: 11 * 3600 },
          waiting: { reread: 2 },
          pausedForSeconds: null,
          pauseCode: null,
          exhaustedForSeconds: null,
          callsAnHour: 5,
          lastsForSeconds: 3600,
        },
      },
    })
    await clock.advance('2 hours')
    expect((await check()).detail).toContain('0 of 5 in flight; at this pace they last until the day ends.')
  })

  it('is degraded while the calls of the day are used up, and healthy when the next begins', async () => {
    await admit('reread', 0, 5)
    await clock.advance('1 minute')
    await admit('reread', 0, 5)
    expect(await check()).toMatchObject({
      status: 'degraded',
      detail: expect.stringContaining(
        '10 of 10 on this day, 5 of 5 in flight; quota exhausted for another 11 h.',
      ),
    })
    await clock.advance('11 hours')
    expect(await check()).toMatchObject({ status: 'healthy' })
  })

  it('says that Zoho asked to slow down, which is no fault of ours to wait out', async () => {
    const [id = ''] = await admit('reread', 0)
    const silent = { limit: null, remaining: null, resetSeconds: null }
    const end = { ...silent, status: 429, code: '44', fault: 'rate', retryAfterMs: 60_000 }
    await finishCall(database.db, { organizationId: '1', id }, end)
    expect(await check()).toMatchObject({
      status: 'healthy',
      detail: expect.stringContaining('Zoho asked to slow down (code 44), for another 60 s.'),
    })
  })
})
