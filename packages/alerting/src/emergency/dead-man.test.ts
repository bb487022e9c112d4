import { recordRuleRuns } from '@tds/db'
import { createTestDatabase, takeOverClock, type TestClock, type TestDatabase } from '@tds/db/testing'
import { captureLogs } from '@tds/runtime/testing'
import { type HttpPeer, startHttpPeer } from '../testing/http-peer.ts'
import { deadManSwitch } from './dead-man.ts'

describe('the dead-man switch', () => {
  let database: TestDatabase
  let clock: TestClock
  let outside: HttpPeer
  let pinging: ReturnType<typeof deadManSwitch>

  beforeEach(async () => {
    captureLogs()
    database = await createTestDatabase()
    clock = await takeOverClock(database.db)
    await clock.set('2026-11-02T08:00:00Z')
    outside = await startHttpPeer({ status: 200, body: 'OK' })
    pinging = deadManSwitch({
      db: database.db,
      url: `${outside.url}/ping/secret`,
      allowLoopback: true,
      evaluatedWithin: 30,
      everyMs: 20,
    })
  })

  afterEach(async () => {
    await pinging.stop()
    await outside.stop()
    await database.drop()
  })

  async function evaluate(): Promise<void> {
    await recordRuleRuns(database.db, [{ rule: 'lag', error: null }])
  }

  /** Looks so often that a ping would have come. */
  async function looks(count: number): Promise<void> {
    const before = pinging.lastSuccessAt()
    for (let seen = before, left = count; left > 0;) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      const now = pinging.lastSuccessAt()
      if (now !== null && now.getTime() !== seen?.getTime()) left -= 1
      seen = now
    }
  }

  it('is pinged while rules are evaluated, and AL-47: no longer once they are not', async () => {
    await evaluate()
    await pinging.start()
    await outside.untilAsked(2)
    await clock.advance('31 seconds')
    await looks(2)
    const { length } = outside.requests
    await looks(3)
    expect(outside.requests).toHaveLength(length)
    await evaluate()
    await outside.untilAsked(length + 1)
  })

  it('AL-47: is not pinged while something critical waits for its delivery for more than five minutes', async () => {
    await database.db.query(
      `INSERT INTO tds_notifications (receiver, integration, kind, severity, message, expires_at)
       VALUES ('everyone/slack', 'slack', 'firing', 'critical', '{}', tds_now() + interval '1 day')`,
    )
    await clock.advance('301 seconds')
    await evaluate()
    await pinging.start()
    await looks(3)
    expect(outside.requests).toEqual([])
    await database.db.query(`UPDATE tds_notifications SET state = 'delivered', finished_at = tds_now()`)
    await outside.untilAsked(1)
  })
})
