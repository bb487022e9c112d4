import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '@tds/db'
import { prepareDatabase } from '../installation/prepare-database.ts'
import { startEmbeddedPostgres } from '../postgres/index.ts'
import { readCatalog } from './read-catalog.ts'
import { renderSchemaPage } from './render-page.ts'

const page = fileURLToPath(new URL('../../../../docs/reference/schema.md', import.meta.url))

/** Writes docs/reference/schema.md from a database that is made, migrated and thrown away for it. */
export async function writeSchemaPage(installation: string | undefined): Promise<void> {
  const postgres = await startEmbeddedPostgres({ installation, settings: { fsync: 'off' } })
  try {
    await prepareDatabase(postgres.url)
    const db = openDatabase({ url: postgres.url, applicationName: 'tds-docs', poolSize: 1 })
    try {
      await writeFile(page, renderSchemaPage(await readCatalog(db)))
    } finally {
      await db.close()
    }
  } finally {
    await postgres.stop()
  }
}
