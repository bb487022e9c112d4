import { randomBytes } from 'node:crypto'

import { deployMigrations, openDatabase } from '@tds/db'
import { installQueueSchema } from '@tds/queue'

import { type ProvidedPostgres, providePostgres } from '../postgres/index.ts'

/** The Postgres of one test run: where it is, and the database that every test copies. */
export interface TestServer {
  adminUrl: string
  template: string
  stop(): Promise<void>
}

/** Provides a Postgres and migrates one template in it. All databases of the run are named after the template. */
export async function startTestServer(
  env: Readonly<Record<string, string | undefined>>,
): Promise<TestServer> {
  // The tests are about what is written, not about the disk; synchronous_commit stays on, as daemons demand it.
  const postgres = await providePostgres(env, { settings: { fsync: 'off', full_page_writes: 'off' } })
  const template = `tds_test_${randomBytes(4).toString('hex')}`
  const stop = async () => {
    if (!postgres.isOurs) await dropDatabases(postgres.url, template)
    await postgres.stop()
  }
  try {
    await migrateTemplate(postgres, template)
    return { adminUrl: postgres.url, template, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function migrateTemplate(postgres: ProvidedPostgres, template: string): Promise<void> {
  await asAdmin(postgres.url, async (admin) => {
    await admin.query(`CREATE DATABASE ${template} TEMPLATE template0`)
  })
  const url = postgres.adminUrl(template)
  await deployMigrations({ url, before: async () => installQueueSchema(url) })
}

/** On a server that is not ours nothing may be left behind, whatever test forgot to clear up. */
async function dropDatabases(url: string, template: string): Promise<void> {
  await asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [template],
    )
    for (const { datname } of rows) await admin.query(`DROP DATABASE IF EXISTS ${datname} WITH (FORCE)`)
  })
}

async function asAdmin(
  url: string,
  use: (admin: ReturnType<typeof openDatabase>) => Promise<void>,
): Promise<void> {
  const admin = openDatabase({ url, applicationName: 'tds-test-setup', poolSize: 1 })
  try {
    await use(admin)
  } finally {
    await admin.close()
  }
}
