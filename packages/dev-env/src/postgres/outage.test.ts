import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'

import { type Database, deployMigrations, isDatabaseUnavailable, openDatabase } from '@tds/db'
import { createQueue, installQueueSchema, type Queue } from '@tds/queue'
import { captureLogs } from '@tds/runtime/testing'

import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'

describe('an outage of Postgres', () => {
  let postgres: EmbeddedPostgres
  let db: Database
  let queue: Queue

  beforeAll(async () => {
    captureLogs()
    postgres = await startEmbeddedPostgres({ installation: process.env['TDS_TEST_POSTGRES_BIN'] })
    const { url } = postgres
    await deployMigrations({ url, before: async () => installQueueSchema(url) })
    db = openDatabase({ url, applicationName: 'outage', poolSize: 4 })
    queue = createQueue({ db, role: 'worker' })
    await queue.start()
  }, 120_000)

  afterAll(async () => {
    await queue.stop()
    await db.close()
    await postgres.stop()
  })

  async function send(): Promise<string> {
    const eventId = randomUUID()
    await db.transaction(async (tx) => {
      await queue.send(tx, 'apply-events', [{ data: { eventIds: [eventId] } }])
    })
    return eventId
  }

  it.each(['fast', 'immediate'] as const)(
    'ended %s loses no job that was sent, ends no process, and work goes on by itself',
    async (mode) => {
      const worked: string[] = []
      let all = Promise.withResolvers<null>()
      const loop = queue.work('apply-events', {
        batchSize: 10,
        concurrency: 2,
        handler: async (items) => {
          worked.push(...items.flatMap((item) => item.data.eventIds))
          all.resolve(null)
          await Promise.resolve()
        },
      })
      await loop.start()
      const before = await send()
      await all.promise
      all = Promise.withResolvers<null>()

      await postgres.halt(mode)
      const error: unknown = await send().catch((reason: unknown) => reason)
      expect(isDatabaseUnavailable(error)).toBe(true)
      await postgres.resume()

      const after = await send()
      await all.promise
      await loop.stop()
      expect(worked).toEqual([before, after])
    },
  )

  it('keeps every job whose sending was acknowledged before a crash', async () => {
    const acknowledged: string[] = []
    let isRunning = true
    const senders = [1, 2, 3, 4].map(async () => {
      while (isRunning) {
        const eventId = await send().catch(() => null)
        if (eventId) acknowledged.push(eventId)
      }
    })
    while (acknowledged.length < 200) await setImmediate()
    await postgres.halt('immediate')
    isRunning = false
    await Promise.all(senders)
    await postgres.resume()
    const { rows } = await db.query<{ id: string }>(`SELECT data -> 'eventIds' ->> 0 AS id FROM pgboss.job`)
    const kept = new Set(rows.map((row) => row.id))
    expect(acknowledged.filter((eventId) => !kept.has(eventId))).toEqual([])
  })
})
