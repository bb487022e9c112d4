import { captureLogs, type CapturedLogs } from '@tds/runtime/testing'

import { openDatabase, type Database } from './database.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'

describe('the limit of a transaction', () => {
  let database: TestDatabase
  let bounded: Database
  let logs: CapturedLogs

  beforeEach(async () => {
    logs = captureLogs()
    database = await createTestDatabase()
    await database.db.query('CREATE TABLE notes (id int PRIMARY KEY)')
    bounded = openDatabase({
      url: database.url,
      applicationName: 'bounded',
      poolSize: 1,
      transactionLimitMs: 200,
    })
  })

  afterEach(async () => {
    await bounded.close()
    await database.drop()
  })

  async function notes(): Promise<number> {
    return (await database.db.query('SELECT FROM notes')).rowCount
  }

  it('ends one that waits for something else, and writes nothing of it', async () => {
    const never = Promise.withResolvers<undefined>()
    const attempt = bounded.transaction(async (tx) => {
      await tx.query('INSERT INTO notes VALUES (1)')
      await never.promise
    })
    await expect(attempt).rejects.toMatchObject({ code: 'transaction_too_long', disposition: 'retry' })
    expect(await notes()).toBe(0)
    expect(logs.text()).toContain('a transaction was too long and is rolled back')
  })

  it('ends one whose statement is in flight, and its connection is not used again', async () => {
    const attempt = bounded.transaction(async (tx) => {
      await tx.query('INSERT INTO notes VALUES (1)')
      await tx.query('SELECT pg_sleep(1)')
    })
    await expect(attempt).rejects.toMatchObject({ code: 'transaction_too_long' })
    await expect(bounded.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] })
    expect(await notes()).toBe(0)
  })

  it('refuses what a process writes that was frozen meanwhile', async () => {
    const attempt = bounded.transaction(async (tx) => {
      await tx.query('INSERT INTO notes VALUES (1)')
      // Nothing in this process runs while its thread is held, as after SIGSTOP.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      await tx.query('INSERT INTO notes VALUES (2)')
    })
    await expect(attempt).rejects.toMatchObject({ code: 'transaction_too_long' })
    expect(await notes()).toBe(0)
  })

  it('leaves one alone that keeps it', async () => {
    await bounded.transaction(async (tx) => tx.query('INSERT INTO notes VALUES (1)'))
    expect(await notes()).toBe(1)
  })
})
