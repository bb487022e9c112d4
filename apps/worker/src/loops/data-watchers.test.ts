import { entityOf, mapRecord, parseExactText, type ExactObject } from '@tds/core'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { metricsRegistry, systemClock, type Service } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import { driftRecorder, qualityChecker } from './data-watchers.ts'

describe('the watchers of data', () => {
  let database: TestDatabase
  let logs: ReturnType<typeof captureLogs>
  let running: Service | undefined

  beforeEach(async () => {
    logs = captureLogs()
    database = await createTestDatabase({ poolSize: 3 })
  })
  afterEach(async () => {
    await running?.stop()
    await database.drop()
  })

  it('judge by themselves, and show every rule, the ones without findings as well', async () => {
    await database.db.query(
      `INSERT INTO tds_products (organization_id, zoho_id, stock_on_hand, completed_version)
       VALUES ('1', '7', -1, tds_now())`,
    )
    running = qualityChecker({ db: database.db })
    await running.start()
    await untilTrue(async () => (await metric('tds_quality_findings{rule="negative_stock"}')) === '1')
    expect(await metric('tds_quality_findings{rule="line_sums"}')).toBe('0')
  })

  it('write what was noticed when they stop, and show it without a sample', async () => {
    notice('first')
    running = driftRecorder({ db: database.db })
    await running.start()
    await untilTrue(
      async () => (await metric('tds_schema_drift_fields{entity="product",kind="unknown"}')) === '1',
    )
    notice('last')
    await running.stop()
    const { rows } = await database.db.query('SELECT path, sample FROM tds_schema_drift ORDER BY path')
    expect(rows).toEqual([
      { path: 'first', sample: '"a secret"' },
      { path: 'last', sample: '"a secret"' },
    ])
    expect(logs.text()).not.toContain('a secret')
    expect(await metricsRegistry.metrics()).not.toContain('a secret')
  })

  it('stop also when the database is away', async () => {
    running = driftRecorder({ db: database.db })
    await running.start()
    notice('lost')
    await database.db.query('DROP TABLE tds_schema_drift CASCADE')
    await expect(running.stop()).resolves.toBeUndefined()
  })

  function notice(field: string): void {
    const product = entityOf('product')
    if (product === undefined) throw new Error('products are registered')
    const body = parseExactText(product.example.detail).value as Record<string, ExactObject>
    mapRecord(product, { ...body['item'], [field]: 'a secret' }, 'detail')
  }

  async function metric(series: string): Promise<string | undefined> {
    const lines = (await metricsRegistry.metrics()).split('\n')
    return lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1)
  }
})

async function untilTrue(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(25)
}
