import { randomUUID } from 'node:crypto'
import { beginRun, endRun, expectRows, requestReads, type NewRun } from '@tds/db'
import { invoice } from '../entities/invoice.ts'
import { product } from '../entities/product.ts'
import { createSyncWorld, exampleRecord, testOrganization, type SyncWorld } from '../testing/sync-world.ts'
import { findRun } from './find-run.ts'
import { performRun } from './perform-run.ts'
import { planLoads } from './plan-loads.ts'
import { runOutlook } from './run-outlook.ts'

describe('what is left of a run', () => {
  let world: SyncWorld

  beforeEach(async () => {
    world = await createSyncWorld()
  })

  afterEach(() => world.drop())

  it('is, of a first load, the rows that it has not met, a detail for each, and those that are owed', async () => {
    const id = await begin({ mode: 'backfill' })
    expect(await estimate(id)).toMatchObject({ calls: null })
    await expectRows(world.db, id, 600)
    await world.db.query('UPDATE tds_sync_runs SET read = 200')
    await owe('product', 'backfill', 150)
    await owe('invoice', 'backfill', 999)
    expect(await estimate(id)).toEqual({ pageCalls: 2, detailCalls: 6, calls: 8, seconds: null })
  })

  it('is, once the list is read, what its type still owes, but not what events wait for', async () => {
    const id = await begin({ entityType: 'invoice', mode: 'full' })
    await owe('invoice', 'incremental', 7)
    await owe('invoice', 'event', 3, 100)
    expect(await estimate(id)).toMatchObject({ pageCalls: null, calls: null })
    await endRun(world.db, id, { status: 'completed', cursorAfter: null, summary: null })
    const { owed, estimate: left } = await runOutlook(world.db, await findRun(world.db, id))
    expect(left).toMatchObject({ pageCalls: 0, detailCalls: 7, calls: 7 })
    expect(owed.map(({ reason, reads }) => [reason, reads])).toEqual([
      ['incremental', 7],
      ['event', 3],
    ])
  })

  it('is, of named records that nobody has asked for yet, a detail for each', async () => {
    const request = JSON.stringify({ ids: ['1', '2', '2', '3'] })
    const id = await begin({ entityType: 'invoice', mode: 'ids', workerId: null, request })
    expect(await estimate(id)).toMatchObject({ pageCalls: 0, detailCalls: 3, calls: 3 })
  })

  it('is, of a rehearsal, its list alone', async () => {
    await owe('product', 'incremental', 7)
    const id = await begin({ mode: 'backfill', dryRun: true })
    await expectRows(world.db, id, 600)
    expect(await estimate(id)).toMatchObject({ pageCalls: 3, detailCalls: 0, calls: 3 })
  })

  it('follows the share of the day that first loads leave to others', async () => {
    await world.db.query(
      `INSERT INTO tds_call_budgets (organization_id, calls_per_minute, calls_per_day, max_in_flight, time_zone, day, day_ends_at)
       VALUES ($1, 60, 1000, 5, 'UTC', current_date, tds_now() + interval '24 hours')`,
      [testOrganization],
    )
    const run = await findRun(world.db, await begin({ mode: 'ids', request: '{"ids":["1"]}' }))
    expect((await runOutlook(world.db, run)).allowance).toMatchObject({ leftToday: 400, perDay: 400 })
    await world.db.query(
      `UPDATE tds_configuration SET config_value = '0.5' WHERE config_key = 'call_reserve_share'`,
    )
    const { allowance, estimate: left } = await runOutlook(world.db, run)
    expect(allowance).toMatchObject({ perMinute: 60, leftToday: 500, perDay: 500 })
    expect(left).toMatchObject({ calls: 1, seconds: 1 })
  })

  it('cannot be told of a run that is not there', async () => {
    await expect(findRun(world.db, randomUUID())).rejects.toMatchObject({ code: 'run_not_found' })
  })

  describe('as a plan', () => {
    it('takes the length of a list from the newest run that found it out', async () => {
      const old = await begin({ mode: 'full', dryRun: true })
      await world.db.query('UPDATE tds_sync_runs SET read = 4000')
      await endRun(world.db, old, { status: 'completed', cursorAfter: null, summary: null })
      expect(await planned()).toMatchObject({
        length: { rows: 4000, counted: true },
        estimate: { calls: 60 },
      })
      const load = await begin({ mode: 'backfill' })
      await expectRows(world.db, load, 5000)
      await world.db.query('UPDATE tds_sync_runs SET read = 1000 WHERE id = $1', [load])
      expect(await planned()).toMatchObject({
        loaded: false,
        length: { rows: 5000, counted: false },
        lastRun: { id: load, state: 'running' },
        estimate: { pageCalls: 20, detailCalls: 40 },
      })
    })

    it('has nothing left but details once a type is loaded', async () => {
      world.source.list(() => ({ rows: [exampleRecord(product, 'listRow')], hasMore: false }))
      await performRun(
        {
          ...world.parts,
          lease: { guard: () => Promise.resolve() },
          daemonId: randomUUID(),
          signal: new AbortController().signal,
          compare: () => Promise.reject(new Error('nothing is compared here')),
        },
        { organizationId: testOrganization, entity: product },
        { kind: 'scheduled', mode: 'backfill' },
      )
      expect(await planned()).toMatchObject({
        loaded: true,
        records: 1,
        estimate: { pageCalls: 0, calls: 1 },
      })
    })

    it('adds the types up where each of them is known, and says no sum where one is not', async () => {
      const { loads, calls } = await planLoads(world.db, testOrganization, [product, invoice])
      expect(loads.map(({ entityType }) => entityType)).toEqual(['product', 'invoice'])
      expect(calls).toBeNull()
      for (const entityType of ['product', 'invoice'])
        await expectRows(world.db, await begin({ entityType, mode: 'backfill' }), 200)
      expect(await planLoads(world.db, testOrganization, [product, invoice])).toMatchObject({
        calls: 1 + 2 + 1 + 200,
        seconds: null,
      })
    })
  })

  async function estimate(id: string): Promise<unknown> {
    return (await runOutlook(world.db, await findRun(world.db, id))).estimate
  }

  async function planned(): Promise<unknown> {
    return (await planLoads(world.db, testOrganization, [product])).loads[0]
  }

  function begin(o: Partial<NewRun>): Promise<string> {
    return beginRun(world.db, {
      organizationId: testOrganization,
      runType: 'manual',
      entityType: 'product',
      mode: 'incremental',
      dryRun: false,
      workerId: randomUUID(),
      requestedBy: 'ada',
      cursorBefore: null,
      ...o,
    })
  }

  async function owe(
    entityType: string,
    reason: 'backfill' | 'incremental' | 'event',
    count: number,
    first = 1,
  ) {
    const reads = Array.from({ length: count }, (_, at) => ({
      organizationId: testOrganization,
      entityType,
      zohoId: String(first + at),
      reason,
      eventId: null,
      delaySeconds: 0,
    }))
    await requestReads(world.db, reads)
  }
})
