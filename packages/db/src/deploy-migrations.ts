import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

import { PrismaPg } from '@prisma/adapter-pg'
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils'
import type * as engineTypes from '@prisma/schema-engine-wasm'
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm'
import pg from 'pg'

import { messageOf, TdsError } from '@tds/runtime'

import { classifyDatabaseError } from './database-errors.ts'
import { knownMigrations, type Migration, migrationLedger, migrationsFolder } from './migrations.ts'
import type { Queryable } from './queryable.ts'

/** Ours alone: two deployments of one database wait for each other here. Any number no other program uses. */
const DEPLOY_LOCK = '8390147732510'
const CONNECTION_TIMEOUT_MS = 5_000

/**
 * The ledger exactly as Prisma makes it. Made here, because without one the engine refuses a database that holds
 * anything else, and ours may well live beside the tables of the ERP.
 */
const LEDGER = `
  CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id varchar(36) NOT NULL PRIMARY KEY,
    checksum varchar(64) NOT NULL,
    finished_at timestamptz,
    migration_name varchar(255) NOT NULL,
    logs text,
    rolled_back_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT now(),
    applied_steps_count integer NOT NULL DEFAULT 0
  )`

/** What `deployMigrations` needs. */
export interface DeployOptions {
  /** Past a connection pooler: the lock belongs to the session. */
  url: string
  /** What must be there first, done under the same lock. */
  before?: () => Promise<void>
  /** Told what is done, line by line. */
  log?: (line: string) => void
}

/**
 * Applies what is missing of `prisma/migrations`, without downloading anything: through the schema engine that
 * Prisma ships as WebAssembly, with Prisma's own ledger, so that its command can take over at any time.
 *
 * May run twice and at the same time: the second waits, then finds nothing to do. May be interrupted anywhere: each
 * migration and its entry in the ledger are one transaction.
 *
 * @throws TdsError `schema_newer` when the database knows migrations that this program does not, `schema_unfinished`
 * when Prisma's command was interrupted, `migration_failed` with the migration's name and Postgres's words, `database_*`
 * when Postgres is not there or went away.
 */
export async function deployMigrations(o: DeployOptions): Promise<{ applied: string[] }> {
  const log = o.log ?? (() => undefined)
  const session = openSession(o.url)
  try {
    await session.query(`SELECT pg_advisory_lock(${DEPLOY_LOCK})`)
    await o.before?.()
    const known = await knownMigrations()
    await session.query(LEDGER)
    const pending = await pendingMigrations(session, known)
    if (pending.length > 0) await applyOneByOne(session, { known, pending, log })
    return { applied: pending.map((migration) => migration.name) }
  } catch (error) {
    throw classifyDatabaseError(error)
  } finally {
    // Ends the session, and with it the lock.
    await session.end()
  }
}

/**
 * A pool of exactly one connection, kept and never replaced: what is locked, begun or set on it holds for the next
 * statement, and when it is lost everything fails, because the lock is lost with it.
 */
function openSession(url: string): pg.Pool {
  let isFirst = true
  const session = new pg.Pool({
    connectionString: url,
    application_name: 'tds-deploy',
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    keepAlive: true,
    onConnect: (client) => {
      client.on('error', () => undefined)
      if (!isFirst) throw lostSession()
      isFirst = false
    },
  })
  session.on('error', () => undefined)
  return session
}

function lostSession(): TdsError {
  return new TdsError('the connection was lost while migrations were being applied', {
    code: 'database_unavailable',
    disposition: 'retry',
    nextStep: 'Run pnpm db:deploy again: it goes on where it was interrupted.',
  })
}

async function pendingMigrations(session: pg.Pool, known: readonly Migration[]): Promise<Migration[]> {
  const ledger = await migrationLedger(queryableOn(session))
  const names = new Set(known.map((migration) => migration.name))
  const unknown = ledger.applied.filter((name) => !names.has(name))
  if (unknown.length > 0) throw newerSchema(unknown)
  if (ledger.unfinished.length > 0) throw unfinishedSchema(ledger.unfinished)
  return known.filter((migration) => !ledger.applied.includes(migration.name))
}

/** The database is ahead of this program. */
export function newerSchema(unknown: readonly string[]): TdsError {
  return new TdsError(`the database has migrations that this program does not know: ${unknown.join(', ')}`, {
    code: 'schema_newer',
    disposition: 'reject',
    nextStep:
      'Start the version of the program that brought them, or a later one; a schema is never taken back.',
    facts: { unknown },
  })
}

function unfinishedSchema(unfinished: readonly string[]): TdsError {
  return new TdsError(`a migration was begun by another tool and not finished: ${unfinished.join(', ')}`, {
    code: 'schema_unfinished',
    disposition: 'reject',
    nextStep:
      'See whether what it makes is there; then tell Prisma with "prisma migrate resolve --applied NAME" or "--rolled-back NAME", and run pnpm db:deploy again.',
    facts: { unfinished },
  })
}

async function applyOneByOne(
  session: pg.Pool,
  o: { known: readonly Migration[]; pending: readonly Migration[]; log: (line: string) => void },
): Promise<void> {
  const running = await startEngine(session)
  try {
    for (const migration of o.pending) {
      const upTo = o.known.slice(0, o.known.indexOf(migration) + 1)
      await applyLast(session, running, upTo)
      o.log(`applied ${migration.name}`)
    }
  } finally {
    running.engine.free()
  }
}

/** The engine notes "begun", runs the script and notes "finished": inside one transaction, that is one step. */
async function applyLast(
  session: pg.Pool,
  running: RunningEngine,
  upTo: readonly Migration[],
): Promise<void> {
  await session.query('BEGIN')
  try {
    await running.engine.applyMigrations({
      migrationsList: migrationsList(upTo),
      filters: { externalTables: [], externalEnums: [] },
    })
    await session.query('COMMIT')
  } catch (cause) {
    throw new TdsError(`the migration ${upTo.at(-1)?.name ?? ''} failed`, {
      code: 'migration_failed',
      disposition: 'reject',
      nextStep: 'Nothing of it was applied. Read what Postgres says, here; then run pnpm db:deploy again.',
      facts: { reason: messageOf(running.scriptError() ?? cause) },
      cause,
    })
  }
}

function migrationsList(migrations: readonly Migration[]): MigrationList {
  return {
    baseDir: migrationsFolder,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
    shadowDbInitScript: '',
    migrationDirectories: migrations.map(({ name, script }) => ({
      path: name,
      migrationFile: { path: 'migration.sql', content: { tag: 'ok', value: script } },
    })),
  }
}

/** The engine, and what Postgres said to the latest script that failed: the engine itself only says that it failed. */
interface RunningEngine {
  engine: SchemaEngine
  scriptError(): unknown
}

/** The engine speaks to Postgres through Prisma's adapter, except for scripts: the adapter splits them at every semicolon. */
async function startEngine(session: pg.Pool): Promise<RunningEngine> {
  engineModule ??= loadEngine()
  const prisma = new PrismaPg(session)
  let scriptError: unknown
  const adapters: SqlMigrationAwareDriverAdapterFactory = {
    provider: prisma.provider,
    adapterName: prisma.adapterName,
    connect: async () => {
      const adapter = await prisma.connect()
      adapter.executeScript = async (script) => {
        await session.query(script).catch((error: unknown) => {
          scriptError = error
          throw error
        })
      }
      return adapter
    },
    connectToShadowDb: async () => prisma.connectToShadowDb(),
  }
  const { SchemaEngine } = await engineModule
  const engine = await SchemaEngine.new(
    { datamodels: undefined },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(adapters),
  )
  return { engine, scriptError: () => scriptError }
}

let engineModule: Promise<EngineGlue> | null = null

/** By hand, because the package's own entry imports WebAssembly as a module; once, because its state is the module's. */
async function loadEngine(): Promise<EngineGlue> {
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const engine = (await import(glue)) as EngineGlue
  const { instance } = await WebAssembly.instantiate(await readFile(glue.replace(/\.js$/, '.wasm')), {
    './schema_engine_bg.js': withIdleTimers(engine),
  })
  engine.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return engine
}

/** The engine leaves a timer of ten seconds behind each time it takes its lock; it must not keep the process alive. */
function withIdleTimers(engine: object): object {
  const setTimer = Object.keys(engine).find((name) => name.startsWith('__wbg_setTimeout_'))
  if (!setTimer) return engine
  return { ...engine, [setTimer]: (run: () => void, ms: number) => setTimeout(run, ms).unref() }
}

/** What the generated half in JavaScript of the engine offers. */
type EngineGlue = typeof engineTypes & {
  __wbg_set_wasm(exports: EngineExports): void
}

interface EngineExports {
  __wbindgen_start(): void
}

/** The part of the global that is used here; Node's types leave it to those of the browser. */
declare const WebAssembly: {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: EngineExports } }>
}

function queryableOn(session: pg.Pool): Queryable {
  return {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- only the caller knows what its statement returns
    query: async <R extends object>(text: string, values: readonly unknown[] = []) => {
      const { rows, rowCount } = await session.query<R>(text, [...values])
      return { rows, rowCount: rowCount ?? 0 }
    },
  }
}
