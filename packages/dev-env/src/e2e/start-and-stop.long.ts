import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { captureLogs } from '@tds/runtime/testing'

import { startAndStop } from '../testing/index.ts'

describe('a worker that is started and stopped two hundred times', () => {
  let database: TestDatabase

  beforeAll(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterAll(async () => {
    await database.drop()
  })

  it('F-19: leaves nothing behind in Postgres, and no sockets or timers in its process', async () => {
    await startAndStop(database, 20)
    const before = handles()
    const startedAt = performance.now()
    const { failures, left } = await startAndStop(database, 200)
    console.info(
      JSON.stringify({
        seconds: Math.round((performance.now() - startedAt) / 1000),
        before,
        after: handles(),
      }),
    )
    expect(failures).toEqual([])
    expect(left).toEqual({ connections: 0, living: 0, leases: 0, claims: 0 })
    // One for every twentieth worker would be a leak; a timer of Jest or of a pool that ends by itself is none.
    expect(handles() - before).toBeLessThan(10)
  }, 1_200_000)
})

/** How many sockets, timers and the like keep this process busy. */
function handles(): number {
  return process.getActiveResourcesInfo().length
}
