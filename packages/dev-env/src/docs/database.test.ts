import { entities, settingDefinitions } from '@tds/core'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { readCatalog } from '../schema-page/read-catalog.ts'
import { renderSchemaPage } from '../schema-page/render-page.ts'
import { mirrorTables, sourceFieldsOf } from '../schema-page/source-fields.ts'
import { namesIn, readPage, rowsWith } from '../testing/docs/pages.ts'

describe('the pages about the database', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 1 })
  })

  afterAll(async () => {
    await database.drop()
  })

  describe('docs/reference/settings.md', () => {
    const rows = rowsWith(readPage('docs/reference/settings.md'), 'setting', 'default', 'read by')

    it('lists every setting of a new database, with its value and what it does, and no other', async () => {
      const { rows: stored } = await database.db.query<{ name: string; value: string; description: string }>(
        `SELECT config_key AS name, config_value AS value, description FROM tds_configuration ORDER BY 1`,
      )
      const told = rows.map((row) => ({
        name: row['setting'] ?? '',
        value: row['default'] ?? '',
        description: row['what it does'] ?? '',
      }))
      expect(told.sort(byName)).toEqual(stored)
    })

    it('says of exactly those settings that a worker reads them that it does read', () => {
      const told = rows.filter((row) => row['read by'] === 'worker').map((row) => row['setting'])
      expect(told.sort()).toEqual(Object.keys(settingDefinitions).sort())
    })

    it('says which functions read a setting', async () => {
      const { rows: functions } = await database.db.query<{ name: string; source: string }>(
        `SELECT proname || '()' AS name, prosrc AS source FROM pg_proc WHERE proname LIKE 'tds\\_%' AND pronargs < 2`,
      )
      const read = rows.flatMap(({ setting = '' }) =>
        functions
          .filter(({ source }) => source.includes(`'${setting}'`))
          .map(({ name }) => `${setting}: ${name}`),
      )
      const told = rows
        .filter((row) => row['read by']?.startsWith('tds_'))
        .flatMap((row) =>
          (row['read by'] ?? '').split(', ').map((reader) => `${row['setting'] ?? ''}: ${reader}`),
        )
      expect(told.sort()).toEqual(read.sort())
    })
  })

  describe('docs/reference/schema.md', () => {
    it('is what pnpm docs:schema would write', async () => {
      expect(readPage('docs/reference/schema.md').text).toBe(renderSchemaPage(await readCatalog(database.db)))
    })

    it('names for every mapped column the key of Zoho that its comment names', async () => {
      const { tables } = await readCatalog(database.db)
      const mirrors = mirrorTables()
      const contradicted = tables
        .filter((table) => mirrors.includes(table.name))
        .flatMap(({ columns }) => columns)
        .flatMap(({ table, name, comment }) => {
          const [, told] = /^Zoho: (?:\w+\.)*(\w+)/.exec(comment) ?? []
          const keys = sourceFieldsOf(table, name).map((field) => field.replace(/^.*\./, ''))
          const agrees = keys.length === 0 || told === undefined || keys.includes(told)
          return agrees ? [] : [`${table}.${name}: ${told} is not ${keys.join(' or ')}`]
        })
      expect(contradicted).toEqual([])
    })

    it('has every column that a definition maps', async () => {
      const { tables } = await readCatalog(database.db)
      const columns = tables.flatMap((table) => table.columns.map((column) => `${table.name}.${column.name}`))
      const mapped = entities.flatMap((entity) =>
        [entity, ...entity.children].flatMap((owner) =>
          owner.columns.map((column) => `${owner.table}.${column.name}`),
        ),
      )
      expect(mapped.filter((column) => !columns.includes(column))).toEqual([])
    })
  })

  describe('docs/operations/health.md', () => {
    it('lists the checks of tds_get_health_summary()', async () => {
      const [, fromPsql = ''] = readPage('docs/operations/health.md').text.split('## From psql')
      const told = namesIn({ path: '', text: fromPsql }, 'check', 'degraded')
      expect(told.sort()).toEqual(
        await namesOf(`SELECT check_name AS name FROM tds_get_health_summary() ORDER BY 1`),
      )
    })
  })

  async function namesOf(query: string): Promise<string[]> {
    const { rows } = await database.db.query<{ name: string }>(query)
    return rows.map((row) => row.name)
  }
})

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1
}
