import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { captureLogs } from '@tds/runtime/testing'

import { startAndStop } from '../testing/index.ts'

describe('a worker that is started and stopped again and again', () => {
  let database: TestDatabase

  beforeAll(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterAll(async () => {
    await database.drop()
  })

  it('F-19: leaves no connection, claim, lease or living daemon behind, at whatever moment it is stopped', async () => {
    const { failures, left } = await startAndStop(database, 20)
    expect(failures).toEqual([])
    expect(left).toEqual({ connections: 0, living: 0, leases: 0, claims: 0 })
  }, 120_000)
})
