import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '@tds/db'
import type { TestDatabase } from '@tds/db/testing'

/** Takes the database from under everybody's feet, as far as a test of one database among many can. */
export async function renameAway(database: TestDatabase): Promise<{ back: () => Promise<void> }> {
  const url = new URL(database.url)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const admin = openDatabase({ url: url.toString(), applicationName: 'away', poolSize: 1 })
  const rename = async (from: string, to: string): Promise<void> => {
    await admin.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1`, [from])
    await admin.query(`ALTER DATABASE ${from} RENAME TO ${to}`)
  }
  await untilRenamed(async () => rename(name, `${name}_away`))
  return {
    back: async () => {
      await rename(`${name}_away`, name)
      await admin.close()
    },
  }
}

async function untilRenamed(rename: () => Promise<void>): Promise<void> {
  const isDone = async (): Promise<boolean> =>
    rename().then(
      () => true,
      () => false,
    )
  while (!(await isDone())) await sleep(50)
}

/** Locks the inbox against every statement until it is released. */
export async function lockInbox(database: TestDatabase): Promise<{ release: () => Promise<void> }> {
  const held = Promise.withResolvers<undefined>()
  const done = Promise.withResolvers<undefined>()
  const session = database.db.transaction(async (tx) => {
    await tx.query('LOCK TABLE tds_inbox_events IN ACCESS EXCLUSIVE MODE')
    held.resolve(undefined)
    await done.promise
  })
  await Promise.race([held.promise, session])
  return {
    release: async () => {
      done.resolve(undefined)
      await session
    },
  }
}
