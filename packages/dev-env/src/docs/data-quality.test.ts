import { qualityRules } from '@tds/core'
import { createTestDatabase } from '@tds/db/testing'
import { fencesOf, namesIn, readPage } from '../testing/docs/pages.ts'

describe('docs/operations/data-quality.md', () => {
  it('lists every rule and no other', () => {
    const told = namesIn(readPage('docs/operations/data-quality.md'), 'rule', 'is open when')
    expect(told.sort()).toEqual(qualityRules.map((rule) => rule.name).sort())
  })
})

describe('docs/operations/schema-drift.md', () => {
  it('lists every kind that the table takes and no other', async () => {
    const database = await createTestDatabase({ poolSize: 1 })
    try {
      const { rows } = await database.db.query<{ kinds: string }>(
        `SELECT pg_get_constraintdef(oid) AS kinds FROM pg_constraint WHERE conname = 'tds_schema_drift_kind_known'`,
      )
      const taken = [...(rows[0]?.kinds ?? '').matchAll(/'(\w+)'/g)].map(([, kind]) => kind)
      const told = namesIn(readPage('docs/operations/schema-drift.md'), 'kind', 'means')
      expect(told.sort()).toEqual(taken.sort())
    } finally {
      await database.drop()
    }
  })
})

describe.each(['data-quality', 'schema-drift'])('the statements of docs/operations/%s.md', (name) => {
  it('run', async () => {
    const database = await createTestDatabase({ poolSize: 1 })
    try {
      const statements = fencesOf(readPage(`docs/operations/${name}.md`)).filter(
        ({ language }) => language === 'sql',
      )
      expect(statements.length).toBeGreaterThan(1)
      for (const { lines } of statements)
        await expect(database.db.query(lines.join('\n'))).resolves.toBeDefined()
    } finally {
      await database.drop()
    }
  })
})
