import { setImmediate } from 'node:timers/promises'
import { createTestDatabase, takeOverClock, type TestDatabase } from '@tds/db/testing'
import { captureLogs } from '@tds/runtime/testing'
import { databaseThresholds, watchDatabase } from './database-watch.ts'

describe('watchDatabase', () => {
  let database: TestDatabase

  beforeEach(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 2 })
  })

  afterEach(async () => {
    await database.drop()
  })

  async function judged(name: string) {
    return watchDatabase(database.db)
      .checks.find((check) => check.name === name)
      ?.check()
  }

  it('finds nothing wrong with a database that fares well', async () => {
    for (const check of watchDatabase(database.db).checks)
      expect((await check.check()).status).toBe('healthy')
  })

  it.each([-10, 10])('F-16: warns of clocks that are %i minutes apart', async (minutes) => {
    const clock = await takeOverClock(database.db)
    await clock.advance(`${String(minutes)} minutes`)
    expect(await judged('clock')).toMatchObject({
      status: 'degraded',
      facts: { skewSeconds: expect.closeTo(minutes * 60, -1) },
    })
  })

  it('F-33: warns of a transaction that has been open for long', async () => {
    expect(databaseThresholds.oldestTransactionSeconds.degraded).toBe(600)
    await database.db.transaction(async (tx) => {
      await tx.query('SELECT pg_sleep(1.1)')
      expect((await judged('oldest transaction'))?.facts).toMatchObject({ seconds: expect.any(Number) })
      expect((await judged('oldest transaction'))?.detail).toMatch(/has been open for [1-9]\d* s/)
    })
  })

  it('warns when the pools of the living daemons may want more connections than Postgres allows', async () => {
    await database.db.query(
      `INSERT INTO tds_daemons (name, version, host, pid, facts)
       SELECT 'worker', '1', 'here', n, '{"connections": 60}' FROM generate_series(1, 5) AS n`,
    )
    expect(await judged('connections')).toMatchObject({ status: 'degraded', facts: { planned: 300 } })
  })

  it('warns of a pool in which somebody waits again and again', async () => {
    const watch = watchDatabase(database.db, { poolEveryMs: 10 })
    const [pool] = watch.checks
    const release = Promise.withResolvers<undefined>()
    const holders = [1, 2].map(() => database.db.transaction(() => release.promise))
    const waiter = database.db.query('SELECT 1')
    await watch.start()
    while ((await pool?.check())?.status !== 'degraded') await setImmediate()
    expect((await pool?.check())?.facts).toMatchObject({ inUse: 2, most: 2 })
    release.resolve(undefined)
    await Promise.allSettled([...holders, waiter])
    await watch.stop()
  })
})
