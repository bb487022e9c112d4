import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { captureLogs, type CapturedLogs, describeService } from '@tds/runtime/testing'

import { createQueue, installQueueSchema, type JobInHand, type JobName, type Queue } from './index.ts'

describe('the queue', () => {
  let database: TestDatabase
  let queue: Queue
  let logs: CapturedLogs

  beforeEach(async () => {
    logs = captureLogs()
    database = await createTestDatabase()
    queue = createQueue({ db: database.db, role: 'worker', superviseIntervalSeconds: 1 })
    await queue.start()
  })

  afterEach(async () => {
    await queue.stop()
    await database.drop()
  })

  async function send(
    count: number,
    options: { priority?: number; delaySeconds?: number } = {},
  ): Promise<string[]> {
    const eventIds = Array.from({ length: count }, () => randomUUID())
    await database.db.transaction(async (tx) => {
      await queue.send(
        tx,
        'apply-events',
        eventIds.map((eventId) => ({ data: { eventIds: [eventId] }, ...options })),
      )
    })
    return eventIds
  }

  async function jobs(job: JobName = 'apply-events'): Promise<Record<string, unknown>[]> {
    const { rows } = await database.db.query(
      `SELECT state::text, retry_count, singleton_key, extract(epoch FROM start_after - now())::float AS due_in
         FROM pgboss.job WHERE name = $1 ORDER BY job.state, singleton_key`,
      [job],
    )
    return rows
  }

  describe('sending', () => {
    it('makes jobs with the commit of the caller, and not before', async () => {
      await database.db.transaction(async (tx) => {
        await queue.send(tx, 'apply-events', [{ data: { eventIds: [randomUUID()] } }])
        expect(await jobs()).toHaveLength(0)
      })
      expect(await jobs()).toHaveLength(1)
    })

    it('makes none when the caller rolls back', async () => {
      const attempt = database.db.transaction(async (tx) => {
        await queue.send(tx, 'apply-events', [{ data: { eventIds: [randomUUID()] } }])
        throw new Error('changed my mind')
      })
      await expect(attempt).rejects.toThrow('changed my mind')
      expect(await jobs()).toHaveLength(0)
    })

    it('takes an empty list for nothing to do', async () => {
      await database.db.transaction(async (tx) => {
        await queue.send(tx, 'apply-events', [])
      })
      expect(await jobs()).toHaveLength(0)
    })

    it('F-11: keeps jobs for ten years, because pg-boss deletes what waits too long', async () => {
      await send(1)
      const { rows } = await database.db.query(
        `SELECT keep_until > now() + interval '9 years' AS kept FROM pgboss.job`,
      )
      expect(rows).toEqual([{ kept: true }])
    })

    it('needs nobody who works: a sender alone will do', async () => {
      const sender = createQueue({ db: database.db, role: 'sender' })
      await sender.start()
      await database.db.transaction(async (tx) => {
        await sender.send(tx, 'apply-events', [{ data: { eventIds: [randomUUID()] } }])
      })
      await sender.stop()
      expect(await jobs()).toHaveLength(1)
    })
  })

  describe('working', () => {
    it('hands over every job once, in batches, and leaves nothing behind', async () => {
      const seen: string[] = []
      const sizes: number[] = []
      const done = signalAfter(500)
      const sent = await send(500)
      const loop = queue.work('apply-events', {
        batchSize: 250,
        concurrency: 2,
        handler: async (items) => {
          sizes.push(items.length)
          seen.push(...items.flatMap((item) => item.data.eventIds))
          done.count(items.length)
          await Promise.resolve()
        },
      })
      await loop.start()
      await done.reached
      await loop.stop()
      expect(seen.sort()).toEqual(sent.sort())
      expect(Math.max(...sizes)).toBe(250)
      expect(await jobs()).toEqual([])
    })

    it('is woken by the commit, long before the next poll', async () => {
      const arrivals = new Map<string, (ms: number) => void>()
      const loop = queue.work('apply-events', {
        batchSize: 10,
        concurrency: 1,
        handler: async (items) => {
          for (const { data } of items) arrivals.get(data.eventIds[0] ?? '')?.(performance.now())
          await Promise.resolve()
        },
      })
      await loop.start()
      const latencies: number[] = []
      for (let round = 0; round < 15; round++) {
        const eventId = randomUUID()
        const arrival = new Promise<number>((resolve) => arrivals.set(eventId, resolve))
        await database.db.transaction(async (tx) => {
          await queue.send(tx, 'apply-events', [{ data: { eventIds: [eventId] } }])
        })
        const committedAt = performance.now()
        latencies.push((await arrival) - committedAt)
      }
      await loop.stop()
      const median = latencies.sort((a, b) => a - b)[7]
      // By the poll of each second a job would wait for nearly all of it.
      expect(median).toBeLessThan(250)
    })

    it('gives a job to one of several workers only', async () => {
      const second = createQueue({ db: database.db, role: 'worker' })
      await second.start()
      const seen: string[] = []
      const done = signalAfter(300)
      const loops = [queue, second].map((one) =>
        one.work('apply-events', {
          batchSize: 20,
          concurrency: 2,
          handler: async (items) => {
            seen.push(...items.flatMap((item) => item.data.eventIds))
            done.count(items.length)
            await Promise.resolve()
          },
        }),
      )
      for (const loop of loops) await loop.start()
      const sent = (await Promise.all([send(100), send(100), send(100)])).flat()
      await done.reached
      for (const loop of loops) await loop.stop()
      await second.stop()
      expect(seen.sort()).toEqual(sent.sort())
    })

    it('takes what is urgent first', async () => {
      const late = await send(2)
      const urgent = await send(2, { priority: 5 })
      const taken = await takeOneBatch(queue, 2)
      expect(taken.map((item) => item.data.eventIds[0] ?? '').sort()).toEqual(urgent.sort())
      expect(late).toHaveLength(2)
    })

    it('keeps a loop for what is urgent, which leaves the rest to others', async () => {
      const patient = await send(2)
      const urgent = await send(2, { priority: 5 })
      const taken: string[] = []
      const done = signalAfter(2)
      const loop = queue.work('apply-events', {
        batchSize: 10,
        concurrency: 1,
        minPriority: 5,
        handler: async (items) => {
          taken.push(...items.flatMap((item) => item.data.eventIds))
          done.count(items.length)
          await Promise.resolve()
        },
      })
      await loop.start()
      await done.reached
      await loop.stop()
      expect(taken.sort()).toEqual(urgent.sort())
      expect(await jobs()).toHaveLength(patient.length)
    })

    it('leaves a job alone until its time has come, and takes it soon after', async () => {
      const sentAt = performance.now()
      await send(1, { delaySeconds: 1.5 })
      await takeOneBatch(queue, 1)
      expect(performance.now() - sentAt).toBeGreaterThanOrEqual(1_450)
      expect(performance.now() - sentAt).toBeLessThan(11_500)
    })

    it('waits, when stopped, for the batch in hand', async () => {
      const [started, mayEnd] = [signalAfter(1), signalAfter(1)]
      let isFinished = false
      const loop = queue.work('apply-events', {
        batchSize: 1,
        concurrency: 1,
        handler: async () => {
          started.count(1)
          await mayEnd.reached
          isFinished = true
        },
      })
      await loop.start()
      await send(1)
      await started.reached
      const stopped = loop.stop().then(() => isFinished)
      mayEnd.count(1)
      expect(await stopped).toBe(true)
      expect(await jobs()).toEqual([])
    })

    it('tries a batch again when its handler throws, later, and says so in the log', async () => {
      const [failed, succeeded] = [signalAfter(1), signalAfter(1)]
      const loop = queue.work('apply-events', {
        batchSize: 10,
        concurrency: 1,
        handler: async (items) => {
          await Promise.resolve()
          if (!failed.isReached()) {
            failed.count(1)
            throw new Error('not today')
          }
          succeeded.count(items.length)
        },
      })
      await send(1)
      await loop.start()
      await failed.reached
      await until(async () => (await jobs())[0]?.['state'] === 'retry')
      expect((await jobs())[0]?.['due_in']).toBeGreaterThan(3)
      expect(logs.text()).toContain('not today')
      await database.db.query('UPDATE pgboss.job SET start_after = now()')
      await succeeded.reached
      await loop.stop()
      expect(await jobs()).toEqual([])
    })

    it('tells a handler that outlives its time, and gives the job to the next try', async () => {
      await database.db.query('UPDATE pgboss.queue SET expire_seconds = 1')
      await send(1)
      const reason = new Promise<unknown>((resolve) => {
        void queue
          .work('apply-events', {
            batchSize: 1,
            concurrency: 1,
            handler: async (_items, signal) => {
              await once(signal, 'abort')
              resolve(signal.aborted)
            },
          })
          .start()
      })
      expect(await reason).toBe(true)
      await until(async () => (await jobs())[0]?.['state'] === 'retry')
    })

    it('goes on after all its connections were cut', async () => {
      const seen = new Set<string>()
      const both = signalAfter(2)
      const loop = queue.work('apply-events', {
        batchSize: 1,
        concurrency: 1,
        handler: async (items) => {
          for (const eventId of items.flatMap((item) => item.data.eventIds)) {
            if (!seen.has(eventId)) both.count(1)
            seen.add(eventId)
          }
          await Promise.resolve()
        },
      })
      await loop.start()
      const [first] = await send(1)
      await database.db.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name LIKE 'tds-queue%'`,
      )
      const [second] = await send(1)
      await both.reached
      await loop.stop()
      expect([...seen].sort()).toEqual([first, second].sort())
    })
  })

  describe('read-record', () => {
    const record = { organizationId: '1', entityType: 'product', zohoId: '7' }

    async function ask(zohoId = record.zohoId): Promise<void> {
      await database.db.transaction(async (tx) => {
        await queue.send(tx, 'read-record', [{ data: { ...record, zohoId } }])
      })
    }

    it('waits once for each record, however often it is asked for', async () => {
      await ask()
      await ask()
      await Promise.all([ask(), ask(), ask('8')])
      expect((await jobs('read-record')).map((job) => job['singleton_key'])).toEqual([
        '1:product:7',
        '1:product:8',
      ])
    })

    it('may wait again while one is being worked on, or is to be tried again', async () => {
      await ask()
      await database.db.query(`UPDATE pgboss.job SET state = 'active'`)
      await ask()
      await ask()
      expect((await jobs('read-record')).map((job) => job['state'])).toEqual(['created', 'active'])
      await database.db.query(`UPDATE pgboss.job SET state = 'retry' WHERE state = 'active'`)
      await ask()
      expect((await jobs('read-record')).map((job) => job['state'])).toEqual(['created', 'retry'])
    })

    it('lets two transactions ask for the same records in opposite order', async () => {
      const keys = Array.from({ length: 50 }, (_, n) => ({ data: { ...record, zohoId: String(n) } }))
      await Promise.all(
        [keys, keys.toReversed()].map(async (items) => {
          await database.db.transaction(async (tx) => {
            await queue.send(tx, 'read-record', items)
          })
        }),
      )
      expect(await jobs('read-record')).toHaveLength(50)
    })
  })

  describe('a worker that is killed', () => {
    let worker: ChildProcess

    afterEach(() => {
      worker.kill('SIGKILL')
    })

    it('has its jobs given to another one', async () => {
      const file = fileURLToPath(new URL('./testing/hanging-worker.ts', import.meta.url))
      worker = spawn(process.execPath, [file, database.url], { stdio: ['ignore', 'pipe', 'inherit'] })
      const [sent] = await send(1)
      if (!worker.stdout) throw new Error('no output to wait for')
      const [said] = (await once(worker.stdout, 'data')) as [Buffer]
      expect(said.toString()).toBe('took 1\n')
      worker.kill('SIGKILL')
      await once(worker, 'exit')
      // What passes meanwhile in life: its heartbeats stay away, and the pause before the next try ends.
      await database.db.query(`UPDATE pgboss.job SET heartbeat_on = now() - interval '1 minute'`)
      await until(async () => (await jobs())[0]?.['state'] === 'retry')
      await database.db.query('UPDATE pgboss.job SET start_after = now()')
      const taken = await takeOneBatch(queue, 1)
      expect(taken.map((item) => item.data.eventIds[0] ?? '')).toEqual([sent])
    })
  })
})

describe('the tables of the queue', () => {
  let database: TestDatabase

  beforeEach(async () => {
    captureLogs()
    database = await createTestDatabase({ empty: true, poolSize: 1 })
  })

  afterEach(async () => {
    await database.drop()
  })

  async function startQueue(): Promise<void> {
    const queue = createQueue({ db: database.db, role: 'sender' })
    await queue.start().finally(async () => queue.stop())
  }

  it('are installed once, also when two install them at the same time, and again without harm', async () => {
    await Promise.all([installQueueSchema(database.url), installQueueSchema(database.url)])
    await installQueueSchema(database.url)
    await expect(startQueue()).resolves.toBeUndefined()
  })

  it('take a changed policy with the next deployment', async () => {
    await installQueueSchema(database.url)
    await database.db.query('UPDATE pgboss.queue SET retry_limit = 0, notify = false')
    await installQueueSchema(database.url)
    const { rows } = await database.db.query('SELECT DISTINCT retry_limit, notify FROM pgboss.queue')
    expect(rows).toEqual([{ retry_limit: 8, notify: true }])
  })

  it.each([
    ['missing', 'DROP SCHEMA pgboss CASCADE', 'schema_older'],
    ['older', 'UPDATE pgboss.version SET version = version - 1', 'schema_older'],
    ['newer', 'UPDATE pgboss.version SET version = version + 1', 'schema_newer'],
  ])('are refused when they are %s', async (_case, change, code) => {
    await installQueueSchema(database.url)
    await database.db.query(change)
    await expect(startQueue()).rejects.toMatchObject({ code, disposition: 'reject' })
  })
})

describe('a queue without Postgres', () => {
  it('says that it is not there, and can be stopped', async () => {
    captureLogs()
    const nowhere = 'postgresql://nobody@127.0.0.1:1/nothing'
    const queue = createQueue({ db: { directUrl: nowhere }, role: 'worker' })
    await expect(queue.start()).rejects.toMatchObject({ code: 'database_unavailable', disposition: 'retry' })
    await queue.stop()
  })
})

describe.each(['sender', 'worker'] as const)('as a %s', (role) => {
  let database: TestDatabase

  beforeAll(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterAll(async () => {
    await database.drop()
  })

  describeService('the queue', () => ({ service: createQueue({ db: database.db, role }) }))
})

describe('working', () => {
  let database: TestDatabase

  beforeAll(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterAll(async () => {
    await database.drop()
  })

  describeService('a work loop', async () => {
    const queue = createQueue({ db: database.db, role: 'worker' })
    await queue.start()
    const handler = async () => Promise.resolve()
    return {
      service: queue.work('apply-events', { batchSize: 10, concurrency: 2, handler }),
      cleanUp: async () => queue.stop(),
    }
  })
})

/** A promise that is kept after a number of counts. */
function signalAfter(total: number): {
  count(n: number): void
  reached: Promise<unknown>
  isReached(): boolean
} {
  const { promise, resolve } = Promise.withResolvers<null>()
  let left = total
  return {
    count: (n) => {
      left -= n
      if (left <= 0) resolve(null)
    },
    reached: promise,
    isReached: () => left <= 0,
  }
}

async function takeOneBatch(queue: Queue, batchSize: number): Promise<JobInHand<'apply-events'>[]> {
  const { promise, resolve } = Promise.withResolvers<JobInHand<'apply-events'>[]>()
  const loop = queue.work('apply-events', {
    batchSize,
    concurrency: 1,
    handler: async (items) => {
      resolve(items)
      await Promise.resolve()
    },
  })
  await loop.start()
  const items = await promise
  await loop.stop()
  return items
}

/** Asks the database again and again; the time limit of the test is the limit of this. */
async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue()));
}
