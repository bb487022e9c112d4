import { randomBytes } from 'node:crypto'

import { captureLogs } from '@tds/runtime/testing'

import { openDatabase } from './database.ts'
import { knownMigrations } from './migrations.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'
import { verifyDatabase } from './verify-database.ts'

describe('verifyDatabase', () => {
  let database: TestDatabase

  beforeEach(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 2 })
  })

  afterEach(async () => {
    await database.drop()
  })

  /** What a daemon would find: its sessions are new, so that defaults changed meanwhile are in force. */
  async function verify(url = database.url): Promise<void> {
    const db = openDatabase({ url, applicationName: 'verifying', poolSize: 1 })
    await verifyDatabase(db).finally(async () => db.close())
  }

  it('accepts a database that is durable and migrated', async () => {
    await expect(verify()).resolves.toBeUndefined()
  })

  describe('durability', () => {
    it('refuses synchronous_commit switched off for the database', async () => {
      await database.db.query(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`,
      )
      await expect(verify()).rejects.toMatchObject({
        code: 'durability_off',
        nextStep: expect.stringContaining('database'),
      })
    })

    it('refuses synchronous_commit switched off for the role alone', async () => {
      const role = `tds_test_${randomBytes(4).toString('hex')}`
      await database.db.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD 'secret'`)
      await database.db.query(`ALTER ROLE ${role} SET synchronous_commit = off`)
      const asRole = new URL(database.url)
      asRole.username = role
      asRole.password = 'secret'
      await expect(verify(asRole.toString())).rejects.toMatchObject({
        code: 'durability_off',
        nextStep: expect.stringContaining('user'),
      })
      await expect(verify()).resolves.toBeUndefined()
      await database.db.query(`DROP ROLE ${role}`)
    })
  })

  describe('schema', () => {
    it('refuses an older one and names the first migration that is missing', async () => {
      const last = (await knownMigrations()).at(-1)?.name ?? ''
      await database.db.query('DELETE FROM _prisma_migrations WHERE migration_name = $1', [last])
      await expect(verify()).rejects.toMatchObject({
        code: 'schema_older',
        message: expect.stringContaining(last),
        nextStep: expect.stringContaining('pnpm db:deploy'),
      })
    })

    it('refuses a migration that was begun and not finished', async () => {
      const last = (await knownMigrations()).at(-1)?.name ?? ''
      await database.db.query('UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = $1', [
        last,
      ])
      await expect(verify()).rejects.toMatchObject({ code: 'schema_older' })
    })

    it('refuses an empty database', async () => {
      const empty = await createTestDatabase({ empty: true, poolSize: 1 })
      await expect(verify(empty.url)).rejects.toMatchObject({ code: 'schema_older' })
      await empty.drop()
    })

    it('refuses a newer one and names what it does not know', async () => {
      await database.db.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at)
         VALUES (gen_random_uuid(), '', '29990101000000_add_tomorrow', now(), now())`,
      )
      await expect(verify()).rejects.toMatchObject({
        code: 'schema_newer',
        message: expect.stringContaining('29990101000000_add_tomorrow'),
      })
    })
  })
})
