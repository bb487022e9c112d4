import { alerterConfigSchema, createAlerter } from '@tds/alerter'
import { apiConfigSchema, createApi } from '@tds/api'
import { dataChecks, dataThresholds, pipelineChecks, pipelineThresholds } from '@tds/core'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { loadConfig } from '@tds/runtime'
import { namesIn, readPage, rowsWith, type Page } from '../testing/docs/pages.ts'

const page = readPage('docs/operations/health.md')

describe('docs/operations/health.md', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 2 })
  })

  afterAll(async () => {
    await database.drop()
  })

  it("lists the api's checks", async () => {
    const api = createApi(
      loadConfig(apiConfigSchema, {
        DATABASE_URL: database.url,
        ZOHO_ORGANIZATION_ID: '790412365',
        WEBHOOK_API_KEYS: 'a-key-for-the-documents',
        API_PORT: '0',
      }),
    )
    await api.start()
    try {
      expect(namesIn(section('Api'), 'check', 'degraded').sort()).toEqual(await checksAt(api.port()))
    } finally {
      await api.stop()
    }
  })

  it("lists the alerter's checks", async () => {
    const alerter = createAlerter(
      loadConfig(alerterConfigSchema, { DATABASE_URL: database.url, ALERTER_HEALTH_PORT: '0' }),
      { fail: failTheTest },
    )
    await alerter.start()
    try {
      expect(namesIn(section('Alerter'), 'check', 'degraded').sort()).toEqual(
        await checksAt(alerter.healthPort()),
      )
    } finally {
      await alerter.stop()
    }
  })

  it("lists the worker's checks", () => {
    const checks = [...pipelineChecks(database.db), ...dataChecks(database.db)]
    const names = checks.map((check) => check.name)
    expect(namesIn(section('Worker'), 'check', 'degraded').sort()).toEqual(names.sort())
  })

  it('gives the thresholds that the code has', () => {
    const { oldestWaitingSeconds, successRatio, oldestOwedReadSeconds } = pipelineThresholds
    for (const daemon of ['Api', 'Worker']) {
      const rows = rowsWith(section(daemon), 'check', 'degraded', 'unhealthy')
      const told = new Map(rows.map((row) => [row['check'], [row['degraded'], row['unhealthy']]]))
      expect(told.get('waiting events')).toEqual([
        `the oldest waits ${String(oldestWaitingSeconds.degraded)} s`,
        `the oldest waits ${String(oldestWaitingSeconds.unhealthy)} s`,
      ])
      expect(told.get('success ratio')).toEqual([
        `less than ${String(successRatio.degraded)} of the last hour's events succeeded`,
        `less than ${String(successRatio.unhealthy)}, of at least ${String(successRatio.minimumEvents)} events`,
      ])
      expect(told.get('data quality')?.[0]).toBe(
        `the data was last looked at ${String(dataThresholds.secondsSincePass.degraded)} s ago`,
      )
      expect(told.get('owed reads')?.[0]).toBe(
        `the oldest is ${String(oldestOwedReadSeconds.degraded)} s overdue`,
      )
    }
  })
})

function section(title: string): Page {
  const [, body = ''] = page.text.split(`\n## ${title}\n`)
  return { path: page.path, text: body.split('\n## ')[0] ?? '' }
}

async function checksAt(port: number): Promise<string[]> {
  const response = await fetch(`http://127.0.0.1:${String(port)}/health`)
  const report = (await response.json()) as { checks: { name: string }[] }
  return report.checks.map((check) => check.name).sort()
}

function failTheTest(error: unknown): never {
  throw error
}
