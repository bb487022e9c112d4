import { openDatabase } from '../database.ts'

/**
 * Stands in for the tables of the queue in tests of migrating: this package stands below the one that installs them, and
 * a view of ours reads the columns named here.
 */
export async function installQueueTableDouble(url: string): Promise<void> {
  const db = openDatabase({ url, applicationName: 'tds-test-double', poolSize: 1 })
  try {
    await db.query('CREATE SCHEMA IF NOT EXISTS pgboss')
    await db.query(
      `CREATE TABLE IF NOT EXISTS pgboss.job (
         id uuid, name text, priority int, data jsonb, state text,
         start_after timestamptz, created_on timestamptz, started_on timestamptz
       )`,
    )
  } finally {
    await db.close()
  }
}
