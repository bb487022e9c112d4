import { setImmediate } from 'node:timers/promises'

import { captureLogs, type CapturedLogs } from '@tds/runtime/testing'

import { classifyDatabaseError } from './database-errors.ts'
import { type Database, openDatabase } from './database.ts'
import type { Queryable } from './queryable.ts'
import { blackHoleProxy, createTestDatabase, type TestDatabase } from './testing/index.ts'

describe('openDatabase', () => {
  let database: TestDatabase
  let db: Database
  let logs: CapturedLogs

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 4 })
    db = database.db
    await db.query('CREATE TABLE notes (id int PRIMARY KEY, text text)')
  })

  beforeEach(async () => {
    logs = captureLogs()
    await db.query('TRUNCATE notes')
  })

  afterAll(async () => {
    await database.drop()
  })

  describe('values', () => {
    it('gives back exactly what Postgres wrote: big, precise and timed values as text', async () => {
      const { rows } = await db.query(
        `SELECT 9223372036854775807::int8 AS big, 0.1000::numeric AS money, '2026-07-21 16:03:55.123456+01'::timestamptz AS at,
                '2026-07-21'::date AS day, '{"id": 12345678901234567890, "n": 1.10}'::jsonb AS body, 7::int4 AS small,
                true AS yes, '\\x00ff'::bytea AS bytes, ARRAY[1.50, 2]::numeric[] AS amounts, ARRAY['a']::text[] AS words,
                ARRAY[9007199254740993]::int8[] AS ids`,
      )
      expect(rows[0]).toEqual({
        big: '9223372036854775807',
        money: '0.1000',
        at: '2026-07-21 15:03:55.123456+00',
        day: '2026-07-21',
        body: '{"n": 1.10, "id": 12345678901234567890}',
        small: 7,
        yes: true,
        bytes: Buffer.from([0, 255]),
        amounts: ['1.50', '2'],
        words: ['a'],
        ids: ['9007199254740993'],
      })
    })

    it('leaves the values of Prisma to Prisma', async () => {
      const setting = await db.prisma.setting.findUnique({ where: { configKey: 'batch_size' } })
      expect(setting).toMatchObject({ configValue: 100, createdAt: expect.any(Date) })
    })

    it('prepares a named statement once and runs it again', async () => {
      const ask = async (n: number) =>
        db.query<{ twice: number }>('SELECT $1::int * 2 AS twice', [n], { name: 'twice' })
      expect((await ask(2)).rows).toEqual([{ twice: 4 }])
      expect((await ask(21)).rows).toEqual([{ twice: 42 }])
    })
  })

  describe('a transaction', () => {
    it('is committed when its function returns, and hands on what that returned', async () => {
      const result = await db.transaction(async (tx) => {
        await tx.query(`INSERT INTO notes VALUES (1, 'kept')`)
        return 'done'
      })
      expect(result).toBe('done')
      expect(await notesIn(db)).toEqual([1])
    })

    it('is rolled back when its function throws, with that very error', async () => {
      const reason = new Error('enough')
      await expect(
        db.transaction(async (tx) => {
          await tx.query(`INSERT INTO notes VALUES (1, 'lost')`)
          throw reason
        }),
      ).rejects.toBe(reason)
      expect(await notesIn(db)).toEqual([])
    })

    it('is rolled back when a statement fails, and its connection works on', async () => {
      const single = openDatabase({ url: database.url, applicationName: 'single', poolSize: 1 })
      const backend = await backendOf(single)
      await expect(
        single.transaction(async (tx) => {
          await tx.query(`INSERT INTO notes VALUES (1, 'lost')`)
          await tx.query(`INSERT INTO notes VALUES (1, 'twice')`)
        }),
      ).rejects.toMatchObject({ code: '23505' })
      expect(await notesIn(single)).toEqual([])
      expect(await backendOf(single)).toBe(backend)
      await single.close()
    })

    it('keeps its promises when its first statements go along with BEGIN', async () => {
      const along = { unawaitedBegin: true }
      await db.transaction(async (tx) => {
        await Promise.all([
          tx.query(`INSERT INTO notes VALUES (1, 'kept')`),
          tx.query(`INSERT INTO notes VALUES (2, 'kept')`),
        ])
      }, along)
      const failing = db.transaction(async (tx) => {
        await tx.query(`INSERT INTO notes VALUES (3, 'lost')`)
        await tx.query(`INSERT INTO notes VALUES (3, 'twice')`)
      }, along)
      await expect(failing).rejects.toMatchObject({ code: '23505' })
      expect(await notesIn(db)).toEqual([1, 2])
    })

    it('never says committed when BEGIN, sent along, found its connection dead', async () => {
      const single = openDatabase({ url: database.url, applicationName: 'single', poolSize: 1 })
      const along = { unawaitedBegin: true }
      const lost = single.transaction(async (tx) => {
        await tx.query('SELECT pg_terminate_backend(pg_backend_pid())')
      }, along)
      await expect(lost).rejects.toThrow()
      await single.transaction(async (tx) => tx.query(`INSERT INTO notes VALUES (1, 'kept')`), along)
      expect(await notesIn(single)).toEqual([1])
      await single.close()
    })

    it('refuses to call work committed that Postgres rolled back', async () => {
      await expect(
        db.transaction(async (tx) => {
          await tx.query(`INSERT INTO notes VALUES (1, 'lost')`)
          await tx.query('SELECT 1 / 0').catch(() => undefined)
        }),
      ).rejects.toMatchObject({ code: 'transaction_aborted' })
      expect(await notesIn(db)).toEqual([])
    })

    it('refuses another one inside', async () => {
      await expect(
        db.transaction(async () => db.transaction(async () => Promise.resolve())),
      ).rejects.toMatchObject({ code: 'nested_transaction' })
    })

    it('lets others begin theirs beside it and after it', async () => {
      await Promise.all([1, 2, 3].map(async (id) => insertNote(db, id)))
      await insertNote(db, 4)
      expect(await notesIn(db)).toEqual([1, 2, 3, 4])
    })

    it('takes no statement after its end', async () => {
      let leaked: Queryable | null = null
      await db.transaction(async (tx) => {
        leaked = tx
        await tx.query('SELECT 1')
      })
      await expect((leaked as Queryable | null)?.query('SELECT 1')).rejects.toMatchObject({
        code: 'transaction_over',
      })
    })

    it('shows a conflict as what it is', async () => {
      await insertNote(db, 1)
      const attempt = db.transaction(async (tx) => {
        await tx.query('SELECT * FROM notes WHERE id = 1 FOR UPDATE')
        const impatient = openDatabase({
          url: database.url,
          applicationName: 'impatient',
          poolSize: 1,
          lockTimeoutMs: 50,
        })
        await impatient
          .query('UPDATE notes SET text = $1 WHERE id = 1', ['mine'])
          .finally(async () => impatient.close())
      })
      const error: unknown = await attempt.catch((reason: unknown) => reason)
      expect(classifyDatabaseError(error)).toMatchObject({ code: 'database_conflict', disposition: 'retry' })
    })
  })

  describe('when connections break', () => {
    it('survives the end of a backend whose client is checked out and idle', async () => {
      const attempt = db.transaction(async (tx) => {
        const backend = await backendOf(tx)
        await db.query('SELECT pg_terminate_backend($1)', [backend])
        // The loss is noticed by nobody but the listener on the client.
        while (!logs.text().includes('a connection to Postgres was lost')) await setImmediate()
        await tx.query('SELECT 1')
      })
      const error: unknown = await attempt.catch((reason: unknown) => reason)
      expect(classifyDatabaseError(error).code).toBe('database_unavailable')
      await expect(db.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 })
    })

    it('survives the end of backends that idle in the pool', async () => {
      await Promise.all([1, 2, 3].map(async () => db.query('SELECT pg_sleep(0.05)')))
      await db.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      )
      await Promise.all([1, 2, 3, 4].map(async (id) => insertNote(db, id).catch(() => undefined)))
      await insertNote(db, 5)
      expect(await notesIn(db)).toContain(5)
    })

    it('gives up on a network that swallows everything, and takes a new connection for the next statement', async () => {
      const proxy = await blackHoleProxy(database.url)
      const cut = openDatabase({
        url: proxy.url,
        applicationName: 'cut',
        poolSize: 1,
        statementTimeoutMs: 100,
      })
      await cut.query('SELECT 1')
      proxy.swallow()
      const error: unknown = await cut.query('SELECT 2').catch((reason: unknown) => reason)
      expect(classifyDatabaseError(error)).toMatchObject({ code: 'database_overload', disposition: 'retry' })
      await expect(cut.query('SELECT 3 AS answer')).resolves.toMatchObject({ rows: [{ answer: 3 }] })
      await cut.close()
      await proxy.close()
    })

    it('F-09: finds out once for all its connections that the network has swallowed them', async () => {
      const proxy = await blackHoleProxy(database.url)
      const cut = openDatabase({
        url: proxy.url,
        applicationName: 'cut',
        poolSize: 4,
        statementTimeoutMs: 1_500,
      })
      await Promise.all([1, 2, 3, 4].map(async () => cut.query('SELECT pg_sleep(0.05)')))
      proxy.swallow()
      await expect(cut.query('SELECT 1')).rejects.toThrow('Query read timeout')
      const before = performance.now()
      await Promise.all([1, 2, 3, 4].map(async () => cut.query('SELECT 1')))
      // To find out once more would take 2.5 s.
      expect(performance.now() - before).toBeLessThan(2_400)
      await cut.close()
      await proxy.close()
    })

    it('F-09: lets Postgres find out within a minute that nobody is there any more, instead of after two hours', async () => {
      const { rows } = await db.query(
        `SELECT current_setting('tcp_keepalives_idle')::int + current_setting('tcp_keepalives_interval')::int
                  * current_setting('tcp_keepalives_count')::int AS seconds`,
      )
      expect(rows).toEqual([{ seconds: 60 }])
    })

    it('ends a statement that takes too long on the server itself, and goes on with the same connection', async () => {
      const hasty = openDatabase({
        url: database.url,
        applicationName: 'hasty',
        poolSize: 1,
        statementTimeoutMs: 100,
      })
      const backend = await backendOf(hasty)
      await expect(hasty.query('SELECT pg_sleep(5)')).rejects.toMatchObject({ code: '57014' })
      expect(await backendOf(hasty)).toBe(backend)
      await hasty.close()
    })

    it('says overload when all connections are taken', async () => {
      const small = openDatabase({ url: database.url, applicationName: 'small', poolSize: 1 })
      await small.transaction(async () => {
        const error: unknown = await small.query('SELECT 1').catch((reason: unknown) => reason)
        expect(classifyDatabaseError(error).code).toBe('database_overload')
      })
      await small.close()
    })
  })

  it('closes more than once, and takes nothing afterwards', async () => {
    const brief = openDatabase({ url: database.url, applicationName: 'brief', poolSize: 1 })
    await brief.query('SELECT 1')
    await Promise.all([brief.close(), brief.close()])
    const error: unknown = await brief.query('SELECT 1').catch((reason: unknown) => reason)
    expect(classifyDatabaseError(error).code).toBe('database_unavailable')
  })
})

async function insertNote(db: Database, id: number): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query(`INSERT INTO notes VALUES ($1, '')`, [id])
  })
}

async function notesIn(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>('SELECT id FROM notes ORDER BY id')
  return rows.map((row) => row.id)
}

async function backendOf(db: Queryable): Promise<number | undefined> {
  const { rows } = await db.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid
}
