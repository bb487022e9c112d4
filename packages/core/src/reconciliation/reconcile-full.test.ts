import type { EntityDefinition } from '../entities/define-entity.ts'
import { entities } from '../entities/index.ts'
import { invoice } from '../entities/invoice.ts'
import { priceList } from '../entities/price-list.ts'
import { product } from '../entities/product.ts'
import { planPatientReads } from '../sync/patient-reads.ts'
import { performBulkRead } from '../sync/perform-bulk-read.ts'
import { begunRun, createListedWorld, idsOf, type ListedWorld } from '../testing/listed-world.ts'
import { testOrganization } from '../testing/sync-world.ts'
import { reconcileFull, type FullReport } from './reconcile-full.ts'

describe('reconcileFull', () => {
  let world: ListedWorld

  afterEach(() => world.drop())

  it('looks at details in turn, those read longest ago first, within the calls of the day', async () => {
    const ids = idsOf(8)
    await worldOf(invoice, ids)
    await world.clock.advance('2 days')
    await world.db.query(
      `UPDATE tds_detail_reads SET read_at = read_at - interval '1 day' WHERE zoho_id = $1`,
      [ids[7]],
    )
    const report = await run(invoice, { callsPerDay: 12 })
    expect(report).toMatchObject({ status: 'completed', records: 3, calls: 3, callsLeft: 9 })
    expect(await owed()).toEqual(
      [ids[0], ids[1], ids[7]].map((id) => ({ zoho_id: id, reason: 'verification' })),
    )
    await world.settle()
    expect(await run(invoice, { callsPerDay: 12 })).toMatchObject({ records: 3, callsLeft: 6 })
    expect(await run(invoice, { callsPerDay: 3 })).toMatchObject({ records: 0, callsLeft: 0 })
    await world.settle()
    await world.clock.advance('25 hours')
    expect((await run(invoice, { callsPerDay: 400 })).records).toBe(8)
  })

  it('keeps what a look changes as a difference of its run', async () => {
    const [same = '', lined = ''] = idsOf(2)
    await worldOf(invoice, [same, lined])
    await world.clock.advance('2 days')
    world.put(lined, { line_items: [] })
    const report = await run(invoice)
    await world.settle()
    expect(await world.differences(report.runId)).toMatchObject([
      { zoho_id: lined, class: 'different', state: 'repaired', fields: ['lines'] },
    ])
    expect(await world.children(invoice, lined)).toEqual([])
  })

  it('confirms and corrects a row that claims to be newer than what the look says', async () => {
    const [id = ''] = idsOf(1)
    await worldOf(invoice, [id])
    await world.clock.advance('2 days')
    await world.db.query(`UPDATE tds_invoices SET source_modified_at = '2031-01-01'`)
    const report = await run(invoice)
    await world.confirm()
    expect(await world.differences(report.runId)).toMatchObject([{ class: 'ahead', state: 'repaired' }])
    const { rows } = await world.db.query('SELECT source_modified_at < tds_now() AS past FROM tds_invoices')
    expect(rows).toEqual([{ past: true }])
  })

  it('asks for many products with one call', async () => {
    const ids = idsOf(150)
    await worldOf(product, ids)
    await world.clock.advance('2 days')
    expect(await run(product)).toMatchObject({ records: 150, calls: 2 })
    const tasks = await planPatientReads(world.parts, { except: [] })
    for (const task of tasks) {
      if (task.kind === 'bulk') await performBulkRead(world.parts, task, new AbortController().signal)
    }
    expect(world.source.bulks().map((bulk) => bulk.length)).toEqual([100, 50])
  })

  it('takes an answer about many records for none of the two that must agree', async () => {
    const [id = ''] = idsOf(1)
    await worldOf(product, [id])
    await world.clock.advance('2 days')
    await world.db.query(`UPDATE tds_products SET source_modified_at = '2031-01-01'`)
    const report = await run(product)
    for (let look = 0; look < 2; look += 1) {
      const [task] = await planPatientReads(world.parts, { except: [] })
      expect(task?.kind).toBe(look === 0 ? 'bulk' : 'single')
      if (task?.kind === 'bulk') await performBulkRead(world.parts, task, new AbortController().signal)
      expect(await firstReads()).toBe(0)
      await world.clock.advance('3 seconds')
    }
    await world.settle()
    expect(await firstReads()).toBe(1)
    await world.confirm()
    expect(await world.differences(report.runId)).toMatchObject([{ class: 'ahead', state: 'repaired' }])
  })

  it('only tells what it would owe in a dry run', async () => {
    await worldOf(invoice, idsOf(3))
    await world.clock.advance('2 days')
    expect(await run(invoice, { dryRun: true })).toMatchObject({ records: 3, calls: 3 })
    expect(await owed()).toEqual([])
    expect(await run(invoice)).toMatchObject({ records: 3 })
  })

  it('keeps calls for the types of which lists tell least, whichever type comes first', async () => {
    await worldOf(invoice, idsOf(9))
    await world.db.query(
      `INSERT INTO tds_price_lists (organization_id, zoho_id) SELECT $1, n::text FROM generate_series(1, 5) AS n`,
      [testOrganization],
    )
    await world.clock.advance('2 days')
    // Five of the ten are kept for price lists; five types share the others.
    expect(await run(invoice, { callsPerDay: 10 })).toMatchObject({ records: 1 })
    expect(await run(priceList, { callsPerDay: 10 })).toMatchObject({ records: 5 })
  })

  it('takes the version of a record whose detail has none from the list', async () => {
    const [id = ''] = idsOf(1)
    await worldOf(priceList, [id])
    await world.db.query(
      `UPDATE tds_price_lists SET source_modified_at = '2031-01-01', completed_version = '2031-01-01'`,
    )
    const report = await world.reconcile()
    expect(await world.differences(report.runId)).toMatchObject([{ class: 'ahead' }])
    await world.confirm()
    expect(await world.differences(report.runId)).toMatchObject([{ state: 'repaired' }])
    expect(await world.reconcile()).toMatchObject({ different: 0 })
  })

  async function worldOf(entity: EntityDefinition, ids: readonly string[]): Promise<void> {
    world = await createListedWorld(entity)
    for (const id of ids) world.put(id)
    await world.load()
    await world.confirm()
  }

  async function run(
    entity: EntityDefinition,
    { callsPerDay = 1000, dryRun = false }: { callsPerDay?: number; dryRun?: boolean } = {},
  ): Promise<FullReport> {
    const parts = { ...world.parts, callsPerDay: () => callsPerDay, entities }
    const wish = { organizationId: testOrganization, entity, repair: true, dryRun, requestedBy: null }
    return reconcileFull(parts, await begunRun(world, wish, 'full'))
  }

  async function firstReads(): Promise<unknown> {
    const sql = `SELECT count(first_read_at)::int AS n FROM tds_reconciliation_differences`
    return (await world.db.query<{ n: number }>(sql)).rows[0]?.n
  }

  async function owed(): Promise<Record<string, unknown>[]> {
    return (await world.db.query('SELECT zoho_id, reason FROM tds_owed_reads ORDER BY zoho_id')).rows
  }
})
