import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from './embedded-postgres.ts'

/** A database to work with, whoever runs it. */
export interface ProvidedPostgres {
  url: string
  /** The same server, another database. */
  adminUrl(database: string): string
  /** Whether it was started for us and goes away with `stop`. */
  isOurs: boolean
  stop(): Promise<void>
}

/**
 * The database that demo, dev and tests use: the one that DATABASE_URL names, else an embedded one
 * that lives as long as they do.
 */
export async function providePostgres(
  env: Readonly<Record<string, string | undefined>>,
  options: EmbeddedPostgresOptions = {},
): Promise<ProvidedPostgres> {
  const url = env['DATABASE_URL']
  if (!url) {
    const embedded = await startEmbeddedPostgres({ installation: env['TDS_TEST_POSTGRES_BIN'], ...options })
    return { ...embedded, isOurs: true }
  }
  return {
    url,
    adminUrl: (database) => withDatabase(url, database),
    isOurs: false,
    stop: () => Promise.resolve(),
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url)
  changed.pathname = `/${encodeURIComponent(database)}`
  return changed.toString()
}
