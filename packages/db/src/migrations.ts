import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

import type { Queryable } from './queryable.ts'

/** One migration of `prisma/migrations`. */
export interface Migration {
  name: string
  script: string
}

/** Where the migrations of this program lie. */
export const migrationsFolder = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))

/** Every migration this program knows, in order. */
export async function knownMigrations(): Promise<Migration[]> {
  const entries = await readdir(migrationsFolder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return Promise.all(
    names.sort().map(async (name) => ({
      name,
      script: await readFile(`${migrationsFolder}/${name}/migration.sql`, 'utf8'),
    })),
  )
}

/** What the database says about itself in the ledger of Prisma. */
export interface MigrationLedger {
  applied: string[]
  /** Begun and neither finished nor rolled back: by Prisma's own command, when it was interrupted. */
  unfinished: string[]
}

/** Reads the ledger; empty where there is none yet. */
export async function migrationLedger(db: Queryable): Promise<MigrationLedger> {
  const { rows: ledgers } = await db.query<{ exists: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS exists`,
  )
  if (!ledgers[0]?.exists) return { applied: [], unfinished: [] }
  const { rows } = await db.query<{ name: string; finished: boolean }>(
    `SELECT migration_name AS name, finished_at IS NOT NULL AS finished
       FROM _prisma_migrations
      WHERE rolled_back_at IS NULL
      ORDER BY started_at, migration_name`,
  )
  return {
    applied: rows.filter((row) => row.finished).map((row) => row.name),
    unfinished: rows.filter((row) => !row.finished).map((row) => row.name),
  }
}
