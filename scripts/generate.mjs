// Makes the Prisma client after an install. Generating never uses the schema engine,
// which Prisma would otherwise download: pointing it at any executable keeps the install offline.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

if (existsSync('prisma/schema.prisma')) {
  const made = spawnSync('prisma', ['generate', '--no-hints'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  })
  process.exitCode = made.status ?? 1
}
