import { randomBytes } from 'node:crypto'

import { type Database, openDatabase } from '../database.ts'

/** A migrated database of a test's own. */
export interface TestDatabase {
  url: string
  db: Database
  /** Closes `db` and removes the database, whoever is still connected. */
  drop(): Promise<void>
}

/** What may be chosen about it. */
export interface TestDatabaseOptions {
  poolSize?: number
  /** For statements that take longer than the product's own may, in milliseconds. */
  statementTimeoutMs?: number
  /** A database without tables instead, for tests about migrating. */
  empty?: boolean
}

/** A test that waits for a connection on a busy machine has not failed. */
const connectionTimeoutMs = 20_000

/**
 * Makes a fresh database by copying the template that the run migrated once (`packages/dev-env/src/jest`), which takes
 * some tens of milliseconds. Every test file has its own, so that files can run at the same time.
 *
 * @throws Error outside of a Jest run.
 */
export async function createTestDatabase(o: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const adminUrl = fromTheRun('TDS_TEST_ADMIN_URL')
  const template = fromTheRun('TDS_TEST_TEMPLATE')
  const name = `${template}_${randomBytes(5).toString('hex')}`
  await asAdmin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${o.empty ? 'template0' : template}`)
  const url = withDatabase(adminUrl, name)
  const db = openDatabase({
    url,
    applicationName: name,
    poolSize: o.poolSize ?? 6,
    connectionTimeoutMs,
    statementTimeoutMs: o.statementTimeoutMs,
  })
  return {
    url,
    db,
    drop: async () => {
      await db.close()
      await asAdmin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

function fromTheRun(name: string): string {
  const value = process.env[name]
  if (!value)
    throw new Error(`${name} is not set: run this test through Jest, whose global setup starts Postgres`)
  return value
}

async function asAdmin(url: string, statement: string): Promise<void> {
  const admin = openDatabase({ url, applicationName: 'tds-test-admin', poolSize: 1, connectionTimeoutMs })
  try {
    await admin.query(statement)
  } finally {
    await admin.close()
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.toString()
}
