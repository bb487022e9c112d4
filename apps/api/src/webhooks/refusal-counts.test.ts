import { randomUUID } from 'node:crypto'
import type { Queryable } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { describeService } from '@tds/runtime/testing'
import { startApiWorld } from '../testing/api-world.ts'
import { refusalCounts } from './refusal-counts.ts'

const nowhere: Queryable = { query: () => Promise.reject(new Error('Postgres is away')) }

describeService('refusal counts', () => ({ service: counting(nowhere) }))

describe('refusal counts', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 2 })
  })
  afterEach(() => database.drop())

  it('write ten thousand refusals in one statement, one row for each reason, and no path that does not exist', async () => {
    let statements = 0
    const counts = counting({
      query: (text, values, o) => {
        statements += 1
        return database.db.query(text, values, o)
      },
    })
    await counts.start()
    for (let turn = 0; turn < 10_000; turn += 1) counts.note({ answer: 401, reason: 'signature_wrong' })
    counts.note({ answer: 413, reason: 'body_limit' })
    counts.note({ answer: 404, reason: 'path' })
    counts.note({ answer: 405, reason: 'method' })
    await counts.stop()
    expect(statements).toBe(1)
    expect(await rows(database)).toEqual(['401 signature_wrong 10000', '413 body_limit 1'])
  })

  it('keep what Postgres did not take, and add it when it does', async () => {
    let isAway = true
    const counts = counting({
      query: (text, values, o) => (isAway ? nowhere : database.db).query(text, values, o),
    })
    counts.note({ answer: 401, reason: 'key_wrong' })
    await counts.stop()
    expect(await rows(database)).toEqual([])
    isAway = false
    counts.note({ answer: 401, reason: 'key_wrong' })
    await counts.stop()
    expect(await rows(database)).toEqual(['401 key_wrong 2'])
  })

  it('have what a real api refused as not authentic or too large', async () => {
    const world = await startApiWorld({ env: { WEBHOOK_BODY_LIMIT: '1kb' } })
    try {
      for (let turn = 0; turn < 3; turn += 1)
        await world.send({ method: 'POST', path: '/webhooks/products', headers: {}, body: '{}' })
      await world.deliver('/webhooks/products', JSON.stringify({ item: 'x'.repeat(2000) }))
      await world.api.stop()
      expect(await rows(world)).toEqual(['401 nothing_sent 3', '413 body_limit 1'])
    } finally {
      await world.stop()
    }
  })
})

function counting(db: Queryable) {
  return refusalCounts({ db, daemonId: randomUUID(), isDatabaseAway: () => false })
}

async function rows({ db }: Pick<TestDatabase, 'db'>): Promise<string[]> {
  const found = await db.query<{ told: string }>(
    `SELECT answer || ' ' || reason || ' ' || sum(refusals) AS told FROM tds_webhook_refusals
      GROUP BY answer, reason ORDER BY 1`,
  )
  return found.rows.map(({ told }) => told)
}
