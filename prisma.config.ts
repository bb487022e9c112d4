import { defineConfig } from 'prisma/config'

/**
 * Where Prisma's own tools find things. The program itself takes its connection from its configuration,
 * and `pnpm db:deploy` applies the migrations without Prisma's download.
 */
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Only Prisma's own commands read this; generating a client needs no database.
  ...(process.env['DATABASE_URL'] ? { datasource: { url: process.env['DATABASE_URL'] } } : {}),
})
