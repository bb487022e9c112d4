import { startEmbeddedPostgres } from '../postgres/index.ts'

// A process for tests to kill: starts a Postgres in the folder given, says where, and holds it until it dies.
const postgres = await startEmbeddedPostgres({ stateDir: process.argv[2] ?? '', settings: { fsync: 'off' } })
process.stdout.write(`${postgres.url}\n`)
setInterval(() => undefined, 60_000)
