import { randomUUID } from 'node:crypto'
import type { DeliveryLedger } from '@tds/core'
import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { metricsRegistry, systemClock, type Service } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import {
  ledgerSweeper,
  missRatioGauge,
  sightJudge,
  webhookCounter,
  type WebhookWatcherParts,
} from './webhook-watchers.ts'

describe('the watchers of webhooks', () => {
  let database: TestDatabase
  let running: Service[]

  beforeEach(async () => {
    captureLogs()
    database = await createTestDatabase({ poolSize: 4 })
    running = []
  })
  afterEach(async () => {
    for (const one of running) await one.stop()
    await database.drop()
  })

  it('watch every type that Zoho sends webhooks of, and no other', async () => {
    await start(webhookCounter(parts()))
    await untilTrue(async () => (await count('tds_webhook_watches')) > 0)
    expect(
      await query(
        `SELECT count(*)::int AS n, bool_or(entity_type = 'price_list') AS lists FROM tds_webhook_watches`,
      ),
    ).toEqual([{ n: 6, lists: false }])
  })

  it('judge, and show how many were missed and their share', async () => {
    await query(`INSERT INTO tds_webhook_watches (organization_id, entity_type) VALUES ('1', 'bill')`)
    await query(
      `INSERT INTO tds_first_sights (organization_id, entity_type, zoho_id, version, seen_by, seen_at)
       VALUES ('1', 'bill', '7', tds_now(), 'incremental', tds_now() - interval '11 minutes')`,
    )
    const before = Number((await metric('tds_webhooks_missed_total{entity="bill"}')) ?? 0)
    await start(sightJudge(parts()))
    await untilTrue(
      async () => (await metric('tds_webhooks_missed_total{entity="bill"}')) === String(before + 1),
    )
    await query(`UPDATE tds_webhook_counts SET versions_told = 3`)
    await start(missRatioGauge(parts()))
    await untilTrue(async () => (await metric('tds_webhook_miss_ratio{entity="bill"}')) === '0.25')
    expect(await metric('tds_webhook_miss_ratio{entity="product"}')).toBe('0')
    expect(await metric('tds_webhook_miss_ratio{entity="price_list"}')).toBeUndefined()
  })

  it('sweep at the start, once for two workers', async () => {
    let calls = 0
    const ledger: DeliveryLedger = {
      readPage: () => {
        calls += 1
        const failure = {
          id: '1',
          entityType: 'bill',
          module: 'bill',
          zohoId: '7',
          failedAt: Date.now() * 1000,
        } as const
        return Promise.resolve({ failures: [failure], unreadable: 0, hasMore: false })
      },
    }
    await Promise.all([start(ledgerSweeper(parts({ ledger }))), start(ledgerSweeper(parts({ ledger })))])
    await untilTrue(async () => (await count('tds_owed_reads')) === 1)
    await stopAll()
    expect(calls).toBe(1)
    await start(ledgerSweeper(parts({ ledger })))
    await untilTrue(async () => (await metric('tds_duty_led{duty="webhook-ledger"}')) === '1')
    await stopAll()
    expect(calls).toBe(1)
  })

  function parts(o: Partial<WebhookWatcherParts> = {}): WebhookWatcherParts {
    return {
      db: database.db,
      daemonId: randomUUID(),
      queue: { send: () => Promise.resolve() },
      organizationId: '1',
      ledger: { readPage: () => Promise.reject(new Error('nobody asks here')) },
      ledgerMinutes: () => 5,
      ...o,
    }
  }

  async function start(service: Service): Promise<void> {
    running.push(service)
    await service.start()
  }

  async function stopAll(): Promise<void> {
    for (const one of running.splice(0)) await one.stop()
  }

  async function query(sql: string): Promise<Record<string, unknown>[]> {
    return (await database.db.query(sql)).rows
  }

  async function count(table: string): Promise<number> {
    return (await query(`SELECT FROM ${table}`)).length
  }

  async function metric(series: string): Promise<string | undefined> {
    const lines = (await metricsRegistry.metrics()).split('\n')
    return lines.find((line) => line.startsWith(`${series} `))?.slice(series.length + 1)
  }
})

async function untilTrue(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await systemClock.sleep(25)
}
