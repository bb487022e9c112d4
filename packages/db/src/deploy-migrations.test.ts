import { deployMigrations } from './deploy-migrations.ts'
import { knownMigrations, migrationLedger } from './migrations.ts'
import type { Queryable } from './queryable.ts'
import { createTestDatabase, type TestDatabase } from './testing/index.ts'
import { installQueueTableDouble } from './testing/queue-table-double.ts'

describe('deployMigrations', () => {
  let database: TestDatabase
  let names: string[]

  beforeEach(async () => {
    database = await createTestDatabase({ empty: true, poolSize: 2 })
    names = (await knownMigrations()).map((migration) => migration.name)
  })

  afterEach(async () => {
    await database.drop()
  })

  async function deploy(log: (line: string) => void = () => undefined): Promise<string[]> {
    const before = async () => installQueueTableDouble(database.url)
    return (await deployMigrations({ url: database.url, before, log })).applied
  }

  it('applies every migration in order and tells each of them', async () => {
    const lines: string[] = []
    expect(await deploy((line) => lines.push(line))).toEqual(names)
    expect(lines).toEqual(names.map((name) => `applied ${name}`))
    expect(await migrationLedger(database.db)).toEqual({ applied: names, unfinished: [] })
  })

  it('applies nothing the second time', async () => {
    await deploy()
    expect(await deploy()).toEqual([])
  })

  it('may run several times at once: one applies, the others wait and find nothing to do', async () => {
    const runs = await Promise.all([deploy(), deploy(), deploy()])
    expect(runs.filter((applied) => applied.length > 0)).toEqual([names])
    expect(await migrationLedger(database.db)).toEqual({ applied: names, unfinished: [] })
  })

  it('goes on where it was interrupted, whatever it was doing: no migration stays half applied', async () => {
    await installQueueTableDouble(database.url)
    await installInterruption(database.db)
    let interruptions = 0
    for (let statements = 1; ; statements += 70) {
      await database.db.query('SELECT setval($1, $2)', ['interruption.statements_left', statements])
      const applied = await deploy().catch(() => null)
      if (applied) break
      interruptions += 1
      const ledger = await migrationLedger(database.db)
      expect(ledger).toEqual({ applied: names.slice(0, ledger.applied.length), unfinished: [] })
    }
    expect(interruptions).toBeGreaterThan(3)
    await database.db.query('DROP SCHEMA interruption CASCADE')
    const whole = await createTestDatabase({ poolSize: 1 })
    expect(await objectsIn(database.db)).toEqual(await objectsIn(whole.db))
    await whole.drop()
  })

  it('works beside the tables of another program', async () => {
    await database.db.query('CREATE TABLE customers_of_the_erp (id int)')
    expect(await deploy()).toEqual(names)
  })

  it('refuses a database that is ahead of this program', async () => {
    await deploy()
    await noteMigration(database.db, '29990101000000_add_tomorrow', 'now()')
    await expect(deploy()).rejects.toMatchObject({
      code: 'schema_newer',
      facts: { unknown: ['29990101000000_add_tomorrow'] },
    })
  })

  it("asks a person about a migration that Prisma's own command left unfinished", async () => {
    await deploy()
    await noteMigration(database.db, '20260101000000_half_done', 'NULL')
    await expect(deploy()).rejects.toMatchObject({ code: 'schema_unfinished' })
  })

  it('says which migration failed and what Postgres said, and keeps nothing of it', async () => {
    await database.db.query('CREATE TABLE tds_owed_reads (mine int)')
    await expect(deploy()).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringContaining('create_work'),
      facts: { reason: expect.stringContaining('already exists') },
    })
    const { applied } = await migrationLedger(database.db)
    expect(applied).toEqual(names.slice(0, 2))
    expect(await objectsIn(database.db)).not.toContain('tds_work_claims')
  })

  it('lets the next one in when one dies holding the lock', async () => {
    await expect(
      deployMigrations({
        url: database.url,
        before: async () => {
          await database.db.query(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE application_name = 'tds-deploy' AND datname = current_database()`,
          )
        },
      }),
    ).rejects.toMatchObject({ code: 'database_unavailable' })
    expect(await deploy()).toEqual(names)
  })
})

/** Ends the backend of a deployment after a number of statements that change the schema, as a crash would. */
async function installInterruption(db: Queryable): Promise<void> {
  await db.query('CREATE SCHEMA interruption')
  await db.query('CREATE SEQUENCE interruption.statements_left INCREMENT -1 MAXVALUE 1000000')
  await db.query(
    `CREATE FUNCTION interruption.count() RETURNS event_trigger LANGUAGE plpgsql AS $$
     BEGIN
       IF current_setting('application_name') = 'tds-deploy' AND nextval('interruption.statements_left') = 0 THEN
         PERFORM pg_terminate_backend(pg_backend_pid());
       END IF;
     END $$`,
  )
  await db.query('CREATE EVENT TRIGGER interruption ON ddl_command_end EXECUTE FUNCTION interruption.count()')
}

async function noteMigration(db: Queryable, name: string, finishedAt: string): Promise<void> {
  await db.query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at)
     VALUES (gen_random_uuid(), '', $1, now(), ${finishedAt})`,
    [name],
  )
}

async function objectsIn(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT relname::text COLLATE "C" AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
     UNION ALL
     SELECT typname::text FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
     UNION ALL
     SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
     UNION ALL
     SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal
     ORDER BY 1`,
  )
  return rows.map((row) => row.name)
}
