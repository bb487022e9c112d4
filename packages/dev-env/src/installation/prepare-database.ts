import { deployMigrations } from '@tds/db'
import { installQueueSchema } from '@tds/queue'

/** Brings an empty or older database to the schema of this checkout, as `pnpm db:deploy` does. */
export async function prepareDatabase(url: string): Promise<void> {
  await deployMigrations({ url, before: async () => installQueueSchema(url) })
}
