import { openDatabase } from '@tds/db'

import { createQueue } from '../index.ts'

// A worker for tests to kill: takes the jobs there are, says so, and never finishes. Its argument is the database.
const db = openDatabase({ url: process.argv[2] ?? '', applicationName: 'hanging-worker', poolSize: 1 })
const queue = createQueue({ db, role: 'worker' })
await queue.start()
await queue
  .work('apply-events', {
    batchSize: 10,
    concurrency: 1,
    handler: async (items) => {
      process.stdout.write(`took ${items.length}\n`)
      await new Promise(() => undefined)
    },
  })
  .start()
