import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { alerterConfigSchema, alerterThresholds, createAlerter } from '@tds/alerter'
import { alertingThresholds } from '@tds/alerting'
import { apiConfigSchema, apiThresholds, createApi } from '@tds/api'
import {
  certificateThresholds,
  databaseThresholds,
  dataThresholds,
  listReadFailures,
  pipelineThresholds,
  webhookThresholds,
} from '@tds/core'
import { connectionReserve } from '@tds/db'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { loadConfig, processThresholds } from '@tds/runtime'
import { createWorker, workerConfigSchema } from '@tds/worker'
import { namesIn, readPage, rowsWith, type Page } from '../testing/docs/pages.ts'

const page = readPage('docs/operations/health.md')

describe('docs/operations/health.md', () => {
  let database: TestDatabase
  let spool: string

  beforeAll(async () => {
    database = await createTestDatabase({ poolSize: 2 })
    spool = await mkdtemp(join(tmpdir(), 'tds-spool-'))
  })

  afterAll(async () => {
    await database.drop()
    await rm(spool, { recursive: true })
  })

  it("lists the api's checks", async () => {
    const api = createApi(
      loadConfig(apiConfigSchema, {
        DATABASE_URL: database.url,
        ZOHO_ORGANIZATION_ID: '790412365',
        WEBHOOK_API_KEYS: 'a-key-for-the-documents',
        API_PORT: '0',
        SPOOL_DIR: spool,
      }),
    )
    await api.start()
    try {
      expect(namesOf('Api')).toEqual(await checksAt(api.port()))
    } finally {
      await api.stop()
    }
  })

  it("lists the alerter's checks", async () => {
    const alerter = createAlerter(
      loadConfig(alerterConfigSchema, {
        DATABASE_URL: database.url,
        ALERTER_HEALTH_PORT: '0',
        TDS_ENVIRONMENT: 'demo',
        SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/',
      }),
      { fail: failTheTest },
    )
    await alerter.start()
    try {
      const checks = await checksAt(alerter.healthPort())
      expect(namesOf('Alerter').map((name) => name.replace('<integration>', 'slack'))).toEqual(checks)
    } finally {
      await alerter.stop()
    }
  })

  it("lists the worker's checks", async () => {
    const worker = createWorker(
      loadConfig(workerConfigSchema, {
        DATABASE_URL: database.url,
        WORKER_HEALTH_PORT: '0',
        ZOHO_API_URL: 'http://127.0.0.1:9',
        ZOHO_ACCOUNTS_URL: 'http://127.0.0.1:9',
        ZOHO_DATA_CENTER: 'us',
        ZOHO_ORGANIZATION_ID: '790412365',
        ZOHO_CLIENT_ID: '1000.CLIENT',
        ZOHO_CLIENT_SECRET: 'a-secret-for-the-documents',
        ZOHO_REFRESH_TOKEN: '1000.refresh',
        TDS_ENCRYPTION_KEY: '0'.repeat(63) + '1',
      }),
      { fail: failTheTest },
    )
    await worker.start()
    try {
      expect(namesOf('Worker')).toEqual(await checksAt(worker.healthPort()))
    } finally {
      await worker.stop()
    }
  })

  it('gives the thresholds that the code has', () => {
    const {
      oldestWaitingSeconds,
      successRatio,
      oldestOwedReadSeconds,
      oldestPatientReadSeconds,
      workerSilentSeconds,
      alerterSilentSeconds,
    } = pipelineThresholds
    for (const daemon of ['Api', 'Worker']) {
      const told = turnsIn(section(daemon))
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
        `the oldest is ${String(oldestOwedReadSeconds.degraded)} s overdue, or ${String(oldestPatientReadSeconds.degraded)} s where nothing waits for it`,
      )
      expect(told.get('certificates')?.[0]).toBe(
        `a type was last proven equal ${String(certificateThresholds.hoursSinceCertificate.degraded)} h ago, or first loaded so long ago and never proven`,
      )
      const silent = `none has beaten for ${String(workerSilentSeconds)} s`
      expect(told.get('alerter')?.[0]).toBe(`none has beaten for ${String(alerterSilentSeconds)} s`)
      expect(told.get('workers')).toEqual([`${silent} and nothing waits`, `${silent} and events wait`])
    }
    const { missRatio, silence, neverHours, secondsSinceSweep } = webhookThresholds
    const worker = turnsIn(section('Worker'))
    expect(worker.get('list reads')?.[0]).toBe(
      `the list of a type could not be read ${String(listReadFailures.degraded)} times in a row`,
    )
    expect(worker.get('webhook_coverage')?.[0]).toBe(
      `more than ${String(missRatio.degraded)} of at least ${String(missRatio.minimumVersions)} versions of a type were missed within 24 hours`,
    )
    expect(worker.get('webhook_silence')?.[0]).toBe(
      `a type is silent for ${String(silence.timesUsualGap)} times its usual wait, at least ${String(silence.leastBusyHours)} busy hours, ` +
        `or has never had a webhook ${String(neverHours)} hours after its first load`,
    )
    expect(worker.get('webhook_ledger')?.[0]).toBe(
      `the list of failed webhooks was not read for ${String(secondsSinceSweep.degraded)} s, or three times its interval`,
    )
    const { roundTripMs, successBehindFailureSeconds, outcomesWithinHours } = apiThresholds
    const api = turnsIn(section('Api'))
    expect(api.get('database')?.[0]).toBe(`a round trip takes ${String(roundTripMs.degraded)} ms`)
    const { oldestSeconds, freeShare } = apiThresholds.spool
    expect(api.get('spool')).toEqual([
      `the oldest delivery in it waits ${String(oldestSeconds.degraded)} s or cannot be stored, less than ${String(freeShare.warning)} of its volume is free, it takes nothing, or damaged parts were set aside`,
      `the oldest delivery in it waits ${String(oldestSeconds.unhealthy)} s`,
    ])
    expect(api.get('last success')?.[0]).toBe(
      `a type's last success is ${String(successBehindFailureSeconds.degraded)} s older than its last failure, ` +
        `within ${String(outcomesWithinHours)} hours`,
    )
    const alerter = turnsIn(section('Alerter'))
    expect(alerter.get('heartbeat')?.[0]).toBe(
      `the last one was over ${String(alerterThresholds.secondsSinceBeat.degraded)} s ago`,
    )
    expect(alerter.get('alert rules')?.[0]).toBe(
      `rules were last evaluated over ${String(alertingThresholds.secondsSinceEvaluation.degraded)} s ago, by whichever alerter, or never`,
    )
  })

  it('gives the thresholds of machine and Postgres that the code has', () => {
    const told = turnsIn(section('Every daemon'))
    const { eventLoopLagMs, heapShare, diskFreeShare } = processThresholds
    const { clockSkewSeconds, oldestTransactionSeconds, poolExhaustedLooks } = databaseThresholds
    expect([...told.values()].map(([degraded]) => degraded)).toEqual([
      `1 in 100 turns of the last minute came over ${String(eventLoopLagMs.degraded)} ms late`,
      `${String(heapShare.degraded)} of the heap is used`,
      `less than ${String(diskFreeShare.degraded)} of the volume the daemon runs on is free`,
      `${String(poolExhaustedLooks.degraded)} looks in a row, 5 s apart, found all connections in use and somebody waiting`,
      `the clocks of this machine and of Postgres are more than ${String(clockSkewSeconds.degraded)} s apart`,
      `one has been open for ${String(oldestTransactionSeconds.degraded)} s`,
      `the living daemons may want more than Postgres allows, less ${String(connectionReserve)} kept free`,
    ])
  })

  it('gives the silence that tds_get_health_summary() bears', async () => {
    await database.db.query(
      `INSERT INTO tds_daemons (name, version, host, pid, beat_at)
       SELECT name, '1', 'here', 1, tds_now() - interval '1 day' FROM unnest(ARRAY['api', 'worker', 'alerter']) AS name`,
    )
    const silent = [...(await summary())].filter(([name]) => name.startsWith('daemon_'))
    const told = turnsIn(section('From psql'))
    expect(silent).toHaveLength(3)
    for (const [name, { status, detail }] of silent) {
      const limit = /; limit (\d+ s)$/.exec(detail)?.[1] ?? 'none'
      expect(told.get(name)?.[status === 'degraded' ? 0 : 1]).toBe(`no heartbeat for ${limit}`)
    }
  })

  it('judges the oldest waiting event from psql by default as the daemons do', async () => {
    const { degraded, unhealthy } = pipelineThresholds.oldestWaitingSeconds
    const turns = []
    for (const seconds of [degraded - 10, degraded + 10, unhealthy - 10, unhealthy + 10]) {
      await addWaitingEvent(seconds)
      const check = (await summary()).get('oldest_waiting_event')
      expect(check?.detail).toMatch(new RegExp(`; limit ${String(degraded)} s$`))
      turns.push(check?.status)
    }
    expect(turns).toEqual(['healthy', 'degraded', 'degraded', 'unhealthy'])
  })

  it('has tds_get_health_summary() go by the defaults of the settings where they are switched off', async () => {
    const limits = async () =>
      [...(await summary())].map(([name, { detail }]) => [name, detail.split('; limit ')[1]])
    const withSettings = await limits()
    await database.db.query('UPDATE tds_configuration SET is_active = false')
    expect(await limits()).toEqual(withSettings)
  })

  /** Takes the place of the one before. */
  async function addWaitingEvent(secondsAgo: number): Promise<void> {
    await database.db.query('TRUNCATE tds_inbox_events')
    await database.db.query(
      `INSERT INTO tds_inbox_events
         (id, organization_id, source_type, entity_type, source_entity_id, operation_type, idempotency_key,
          content_hash, raw_body, status, received_at)
       VALUES (gen_random_uuid(), '1', 'zoho', 'product', '7', 'upsert', 'a', 'hash', '{}', 'pending',
               tds_now() - make_interval(secs => $1))`,
      [secondsAgo],
    )
  }

  async function summary(): Promise<Map<string, { status: string; detail: string }>> {
    const { rows } = await database.db.query<{ check_name: string; status: string; detail: string }>(
      'SELECT check_name, status, detail FROM tds_get_health_summary()',
    )
    return new Map(rows.map(({ check_name: name, ...found }) => [name, found]))
  }
})

/** From where on each check of a section is degraded, and from where on unhealthy. */
function turnsIn(part: Page): Map<string | undefined, (string | undefined)[]> {
  const rows = rowsWith(part, 'check', 'degraded', 'unhealthy')
  return new Map(rows.map((row) => [row['check'], [row['degraded'], row['unhealthy']]]))
}

/** The checks of a daemon, those that every one has included. */
function namesOf(daemon: string): string[] {
  return ['Every daemon', daemon].flatMap((title) => namesIn(section(title), 'check', 'degraded')).sort()
}

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
