import { randomUUID } from 'node:crypto'
import { leaseCandidate, webhookCoverage, type LeaderLease } from '@tds/db'
import { takeOverClock, type TestClock } from '@tds/db/testing'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { invoice } from '../entities/invoice.ts'
import { mapRecord } from '../entities/map-record.ts'
import { priceList } from '../entities/price-list.ts'
import { product } from '../entities/product.ts'
import type { ExactObject } from '../json/index.ts'
import { performRun } from '../runs/perform-run.ts'
import { applyChanges } from '../sync/apply-changes.ts'
import type { ChangeCause } from '../sync/change.ts'
import { databaseNow } from '../sync/database-now.ts'
import {
  createSyncWorld,
  exampleRecord,
  testOrganization,
  wrapped,
  type SyncWorld,
} from '../testing/sync-world.ts'
import { countWatchedWebhooks, judgeSights } from './watch-webhooks.ts'

const id = '573914000000500001'
const began = '2026-11-02T08:00:00Z'

describe('watching webhooks', () => {
  let world: SyncWorld
  let clock: TestClock
  let lease: Pick<LeaderLease, 'guard'>

  beforeEach(async () => {
    world = await createSyncWorld()
    clock = await takeOverClock(world.db)
    await clock.set(began)
    lease = { guard: () => Promise.resolve() }
    await count()
    await clock.advance('1 minute')
  })

  afterEach(() => world.drop())

  it('misses a version of which no webhook tells within ten minutes of its first sight', async () => {
    await see('incremental')
    await clock.advance('9 minutes 59 seconds')
    expect(await judge()).toEqual([])
    await clock.advance('1 second')
    expect(await judge()).toEqual([{ entity_type: 'product', judged: 1, missed: 1 }])
    expect(await judge()).toEqual([])
    expect(await coverage()).toMatchObject({ told: 0, missed: 1 })
  })

  it('does not miss one whose webhook comes in the ninth minute, and shows how long that took', async () => {
    const version = await see('incremental')
    await clock.advance('9 minutes')
    await tell(version)
    await clock.advance('2 minutes')
    expect(await judge()).toMatchObject([{ judged: 1, missed: 0 }])
    await count()
    expect(await coverage()).toEqual({ entity_type: 'product', told: 1, missed: 0, longest_lag: 540 })
  })

  it('misses one whose webhook comes in the eleventh minute, and counts it once', async () => {
    const version = await see('reconciliation')
    await clock.advance('10 minutes')
    await judge()
    await clock.advance('1 minute')
    await tell(version)
    await count()
    expect(await judge()).toEqual([])
    expect(await coverage()).toMatchObject({ told: 0, missed: 1 })
  })

  it('does not miss it when the judge comes late and the webhook came in time', async () => {
    const version = await see('incremental')
    await clock.advance('9 minutes')
    await tell(version)
    await clock.advance('3 hours')
    expect(await judge()).toMatchObject([{ judged: 1, missed: 0 }])
  })

  it('misses it when the judge comes late and the webhook came in the eleventh minute', async () => {
    const version = await see('incremental')
    await clock.advance('10 minutes 1 second')
    await tell(version)
    expect(await judge()).toMatchObject([{ judged: 1, missed: 1 }])
  })

  it('knows a webhook that was received before and is applied after the read', async () => {
    const version = await timeText()
    await receive(version)
    await clock.advance('1 minute')
    await see('incremental', { version })
    await world.settle()
    await clock.advance('10 minutes')
    expect(await judge()).toMatchObject([{ judged: 1, missed: 0 }])
  })

  it('is not told by webhooks of another version, of another record, or by a replay', async () => {
    const older = await timeText()
    await clock.advance('1 minute')
    const version = await see('incremental')
    await clock.advance('1 minute')
    await receive(older)
    await receive(version, { zohoId: '573914000000500009' })
    const replayed = await receive(version)
    await query(`UPDATE tds_inbox_events SET replay_of = gen_random_uuid() WHERE id = '${replayed}'`)
    await clock.advance('10 minutes')
    expect(await judge()).toMatchObject([{ judged: 1, missed: 1 }])
  })

  it('takes a webhook without a version for word of the version made before it, and not of a later one', async () => {
    await receiveThin()
    await clock.advance('1 minute')
    await see('ripple')
    await clock.advance('10 minutes')
    expect(await judge()).toMatchObject([{ missed: 1 }])
    await see('ripple')
    await clock.advance('1 minute')
    await receiveThin()
    await clock.advance('10 minutes')
    expect(await judge()).toMatchObject([{ missed: 0 }])
    expect(await coverage()).toMatchObject({ told: 1, missed: 1 })
  })

  it('counts a version that webhooks brought, told twice or out of order, once, and has no sight of it', async () => {
    const older = await timeText()
    await clock.advance('1 minute')
    const newer = await timeText()
    for (const version of [newer, older, newer]) await tell(version)
    expect(await sights()).toEqual([])
    await count()
    await count()
    expect(await coverage()).toMatchObject({ told: 2, missed: 0 })
    expect(await query('SELECT webhooks::int FROM tds_webhook_counts')).toEqual([{ webhooks: 3 }])
  })

  it('counts an hour anew as long as webhooks of it are finished', async () => {
    await tell(await timeText())
    await count()
    await clock.advance('58 minutes')
    await tell(await timeText())
    await clock.advance('10 minutes')
    await count()
    await clock.advance('26 hours')
    await count()
    expect(await query('SELECT webhooks::int, versions_told::int FROM tds_webhook_counts')).toEqual([
      { webhooks: 2, versions_told: 2 },
    ])
  })

  it.each([
    ['a first load', 'backfill'],
    ['a replay', 'replay'],
    ['a correction', 'correction'],
  ] as const)('takes no notice of what %s brings', async (_, cause) => {
    await see(cause)
    expect(await sights()).toEqual([])
  })

  it('takes no notice of versions from before it watched, of drift, and of types that Zoho sends no webhooks of', async () => {
    await see('incremental', { version: '2026-11-02T07:59:59Z' })
    await see('incremental', { entity: priceList, version: await timeText() })
    expect(await sights()).toEqual([])
    const version = await see('incremental', { entity: invoice })
    await see('drift', { entity: invoice, version, changes: { balance: '1.00' } })
    expect(await sights()).toMatchObject([{ entity_type: 'invoice', seen_by: 'incremental' }])
  })

  it('notes a version seen by two reads for the first of them alone', async () => {
    const version = await see('incremental')
    await see('reconciliation', { version })
    expect(await sights()).toMatchObject([{ seen_by: 'incremental' }])
  })

  it('finds the share that was lost, within a point, where an incremental read has found them', async () => {
    const records = 300
    const version = await timeText()
    const ids = Array.from({ length: records }, (_, n) => String(573914000000600000n + BigInt(n)))
    const isLost = (zohoId: string) => Number(zohoId.slice(-3)) % 10 === 3
    for (const zohoId of ids) if (!isLost(zohoId)) await receive(version, { zohoId })
    await world.settle()
    world.source.list(({ page, perPage }) => ({
      rows: ids
        .slice((page - 1) * perPage, page * perPage)
        .map((zohoId) => exampleRecord(product, 'listRow', { item_id: zohoId, last_modified_time: version })),
      hasMore: page * perPage < ids.length,
    }))
    await clock.advance('1 minute')
    const report = await performRun(
      {
        ...world.parts,
        lease,
        daemonId: randomUUID(),
        signal: new AbortController().signal,
        compare: () => Promise.reject(new Error('nothing is compared here')),
      },
      { organizationId: testOrganization, entity: product },
      { kind: 'scheduled', mode: 'incremental' },
    )
    expect(report).toMatchObject({ status: 'completed', counts: { created: records / 10 } })
    await clock.advance('11 minutes')
    await judge()
    await count()
    const { told = 0, missed = 0 } = (await coverage()) ?? {}
    expect(told + missed).toBe(records)
    expect(Math.abs(missed / (told + missed) - 0.1)).toBeLessThan(0.01)
  }, 60_000)

  it('is judged by one of two leaders, and by none whose term is over', async () => {
    await see('incremental')
    await clock.advance('10 minutes')
    const stand = (name: string) => leaseCandidate({ db: world.db, name, holder: randomUUID() })
    const [first, second] = [stand('webhook-sights'), stand('webhook-sights')]
    const won = await first.campaign()
    if (won === null) throw new Error('the lease was not to be had')
    expect(await second.campaign()).toBeNull()
    await first.resign()
    const next = await second.campaign()
    if (next === null) throw new Error('the lease was not handed on')
    lease = won
    await expect(judge()).rejects.toMatchObject({ code: 'lease_lost' })
    lease = next
    expect(await judge()).toMatchObject([{ judged: 1, missed: 1 }])
    expect(await coverage()).toMatchObject({ missed: 1 })
  })

  it('works in batches until nothing is due', async () => {
    for (const last of ['1', '2', '3', '4', '5'])
      await see('incremental', { zohoId: `57391400000050010${last}` })
    await clock.advance('10 minutes')
    expect(await judge({ batch: 2 })).toEqual([{ entity_type: 'product', judged: 5, missed: 5 }])
  })

  it('leaves unjudged what nobody judged for a day, because the inbox may have forgotten', async () => {
    await see('incremental')
    await clock.advance('25 hours')
    expect(await judge()).toEqual([])
    expect(await sights()).toMatchObject([{ judged_at: null }])
  })

  it('is forgotten by retention', async () => {
    await see('incremental')
    await tell(await timeText())
    await count()
    await clock.advance('29 days')
    await clock.advance('1 day 1 minute')
    await see('incremental', { zohoId: '573914000000500002' })
    expect(await query('SELECT tds_cleanup_old_first_sights()::int AS gone')).toEqual([{ gone: 1 }])
    expect(await query('SELECT tds_cleanup_old_webhook_counts()::int AS gone')).toEqual([{ gone: 0 }])
    await clock.advance('371 days')
    expect(await query('SELECT tds_cleanup_old_webhook_counts()::int AS gone')).toEqual([{ gone: 1 }])
  })

  /** Has a read of this cause bring a version made now, or the one given; returns it. */
  async function see(
    cause: ChangeCause | 'ripple',
    o: { entity?: EntityDefinition; zohoId?: string; version?: string; changes?: ExactObject } = {},
  ): Promise<string> {
    const { entity = product, zohoId = id, version = await timeText(), changes = {} } = o
    const record = exampleRecord(entity, 'detail', {
      [entity.source.id]: zohoId,
      last_modified_time: version,
      ...changes,
    })
    await world.db.transaction(async (tx) => {
      const now = await databaseNow(tx)
      const change = {
        entity,
        organizationId: testOrganization,
        zohoId,
        origin: 'detail' as const,
        says: { kind: 'content' as const, record: mapRecord(entity, record, 'detail') },
        cause: cause === 'ripple' ? ('drift' as const) : cause,
        lookedAt: now,
        eventId: null,
        runId: null,
        actor: 'worker',
        reason: null,
        requestId: null,
      }
      await applyChanges(tx, [change], now)
    })
    return version
  }

  async function receive(version: string, o: { zohoId?: string } = {}): Promise<string> {
    const { zohoId = id } = o
    const record = exampleRecord(product, 'webhook', { item_id: zohoId, last_modified_time: version })
    world.source.hold(
      zohoId,
      exampleRecord(product, 'detail', { item_id: zohoId, last_modified_time: version }),
    )
    return world.receive({ entity: product, zohoId, body: wrapped(product, record) })
  }

  /** Receives a webhook and finishes it. */
  async function tell(version: string): Promise<void> {
    await receive(version)
    await world.settle()
  }

  async function receiveThin(): Promise<void> {
    const record = exampleRecord(product, 'webhook', { item_id: id, last_modified_time: undefined })
    await world.receive({ entity: product, zohoId: id, body: wrapped(product, record) })
  }

  /** The database's time in whole seconds, as Zoho writes versions. */
  async function timeText(): Promise<string> {
    return `${(await clock.now()).toISOString().slice(0, 19)}Z`
  }

  function judge(o: { batch?: number } = {}) {
    return judgeSights({ db: world.db, lease, signal: new AbortController().signal, ...o })
  }

  function count() {
    return countWatchedWebhooks(
      { db: world.db, lease, signal: new AbortController().signal },
      testOrganization,
    )
  }

  async function coverage() {
    return (await webhookCoverage(world.db)).find(({ entity_type: type }) => type === 'product')
  }

  function sights() {
    return query('SELECT entity_type, seen_by, judged_at FROM tds_first_sights')
  }

  async function query(sql: string): Promise<Record<string, unknown>[]> {
    return (await world.db.query(sql)).rows
  }
})
