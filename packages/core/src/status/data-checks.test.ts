import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import type { HealthResult } from '@tds/runtime'
import { dataChecks } from './data-checks.ts'

describe('dataChecks', () => {
  let database: TestDatabase

  beforeEach(async () => {
    database = await createTestDatabase({ poolSize: 1 })
  })
  afterEach(async () => {
    await database.drop()
  })

  it('tells of findings and degrades nothing for them', async () => {
    await database.db.query('UPDATE tds_quality_progress SET passed_at = tds_now()')
    expect(await result('data quality')).toMatchObject({
      status: 'healthy',
      detail: 'No finding about the data is open.',
    })
    await database.db.query(
      `INSERT INTO tds_quality_findings (organization_id, rule, entity_type, entity_id, subject, resolved_at)
       VALUES ('1', 'negative_stock', 'product', '1', 'a', NULL), ('1', 'negative_stock', 'product', '2', 'a', NULL),
              ('1', 'line_sums', 'invoice', '3', 'a', NULL), ('1', 'line_sums', 'invoice', '4', 'a', tds_now())`,
    )
    expect(await result('data quality')).toMatchObject({
      status: 'healthy',
      detail: '3 findings about the data are open.',
      facts: { open: { negative_stock: 2, line_sums: 1 } },
    })
  })

  it('is degraded when nobody has looked at the data for a quarter of an hour, and not before the first look', async () => {
    expect((await result('data quality')).status).toBe('healthy')
    await database.db.query(`UPDATE tds_quality_progress SET passed_at = tds_now() - interval '16 minutes'`)
    expect(await result('data quality')).toMatchObject({
      status: 'degraded',
      detail: expect.stringMatching(/^The mirrored data was last looked at 96\d s ago\.$/),
    })
  })

  it('tells of unacknowledged fields by type and kind, without a sample', async () => {
    await database.db.query(
      `INSERT INTO tds_schema_drift (entity_type, shape, path, kind, json_type, sample, acknowledged_at)
       VALUES ('product', 'detail', 'shade', 'unknown', 'string', '"personal"', NULL),
              ('product', 'detail', 'known', 'unknown', 'string', '"personal"', tds_now()),
              ('invoice', 'detail', 'terms', 'missing', 'absent', NULL, NULL)`,
    )
    const told = await result('schema drift')
    expect(told).toMatchObject({ status: 'healthy', facts: { 'product unknown': 1, 'invoice missing': 1 } })
    expect(JSON.stringify(told)).not.toContain('personal')
  })

  async function result(name: string): Promise<HealthResult> {
    const check = dataChecks(database.db).find((candidate) => candidate.name === name)
    if (check === undefined) throw new Error(`there is no check ${name}`)
    return check.check()
  }
})
