export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
export { type ProvidedPostgres, providePostgres } from './provide-postgres.ts'
