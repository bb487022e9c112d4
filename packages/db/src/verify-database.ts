import { childLogger, TdsError } from '@tds/runtime'

import { newerSchema } from './deploy-migrations.ts'
import { knownMigrations, migrationLedger } from './migrations.ts'
import type { Queryable } from './queryable.ts'

const log = childLogger('db:verify')

/**
 * Refuses a database that would break the promises of the product. Daemons call it before they accept anything.
 *
 * @throws TdsError `durability_off` when a commit is reported before it is on disk, `schema_older` when migrations
 * are missing, `schema_newer` when the database is ahead of this program.
 */
export async function verifyDatabase(db: Queryable): Promise<void> {
  await verifyDurability(db)
  await verifySchema(db)
}

/** Asks in a session like those that will write: a default of the role or the database counts, not only the server's. */
async function verifyDurability(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ name: string; setting: string; source: string }>(
    `SELECT name, setting, source FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync') AND setting = 'off'`,
  )
  const off = rows.find((row) => row.name === 'synchronous_commit')
  if (off) {
    throw new TdsError(
      'synchronous_commit is off: a crash of Postgres would lose what was already acknowledged',
      {
        code: 'durability_off',
        disposition: 'reject',
        nextStep: `Set synchronous_commit to on where it was switched off (source: ${off.source}), for example with ALTER ROLE ... RESET synchronous_commit.`,
        facts: { source: off.source },
      },
    )
  }
  if (rows.length > 0) {
    log.warn('fsync is off: a crash of the machine may destroy the database; for throw-away data only')
  }
}

async function verifySchema(db: Queryable): Promise<void> {
  const [known, ledger] = await Promise.all([knownMigrations(), migrationLedger(db)])
  const names = known.map((migration) => migration.name)
  const unknown = ledger.applied.filter((name) => !names.includes(name))
  if (unknown.length > 0) throw newerSchema(unknown)
  const missing = names.filter((name) => !ledger.applied.includes(name))
  if (missing.length === 0) return
  throw new TdsError(`the database lacks ${missing.length} migrations, the first is ${missing[0] ?? ''}`, {
    code: 'schema_older',
    disposition: 'reject',
    nextStep: 'Run pnpm db:deploy against this database, then start again.',
    facts: { missing },
  })
}
