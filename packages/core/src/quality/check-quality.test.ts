import { openDatabase } from '@tds/db'
import { customer } from '../entities/customer.ts'
import { invoice } from '../entities/invoice.ts'
import { product } from '../entities/product.ts'
import { ExactNumber } from '../json/index.ts'
import { createJudgedWorld, testLimits, type JudgedWorld } from '../testing/judged-world.ts'
import { testOrganization } from '../testing/sync-world.ts'
import { checkQuality } from './check-quality.ts'

// The example's lines name these.
const pouch = '460122000000101014'
const sleeve = '460122000000101022'

describe('checkQuality', () => {
  let world: JudgedWorld

  beforeEach(async () => {
    world = await createJudgedWorld()
  })
  afterEach(async () => {
    await world.drop()
  })

  it('finds nothing about sound records', async () => {
    await world.apply(product, { id: pouch })
    await world.apply(product, { id: sleeve, changes: { sku: 'FS-01' } })
    await world.apply(customer, { id: '460122000000205001' })
    const counts = await world.judge(invoice, { id: '1' })
    expect(counts).toMatchObject({ opened: 0, resolved: 0 })
    expect(counts?.judged).toBeGreaterThan(0)
    expect(await world.open()).toEqual([])
  })

  it('opens one finding for what does not hold, counts it, closes it when it holds again, and keeps the history', async () => {
    await world.judge(product, { id: pouch, changes: { stock_on_hand: new ExactNumber('-3.50') } })
    await world.judge(product, {
      id: pouch,
      minutesNewer: 1,
      changes: { stock_on_hand: new ExactNumber('-4') },
    })
    expect(await world.open('negative_stock')).toEqual([
      {
        rule: 'negative_stock',
        entity_id: pouch,
        subject: 'stock_on_hand',
        related_id: null,
        detail: { stock_on_hand: '-4' },
        times_seen: 2,
      },
    ])
    await world.judge(product, { id: pouch, minutesNewer: 2 })
    expect(await world.open()).toEqual([])
    await world.judge(product, {
      id: pouch,
      minutesNewer: 3,
      changes: { stock_on_hand: new ExactNumber('-1') },
    })
    expect(await world.open('negative_stock')).toHaveLength(1)
    expect(await world.resolved('negative_stock')).toHaveLength(1)
  })

  it('closes the findings of a record that was deleted', async () => {
    await world.judge(product, { id: pouch, changes: { stock_on_hand: new ExactNumber('-1') } })
    await world.receive({ entity: product, zohoId: pouch, body: Object.create(null), operation: 'delete' })
    await world.settle()
    await checkQuality(world.db, testLimits)
    expect(await world.open()).toEqual([])
  })

  it('holds no change back and changes no row', async () => {
    await world.apply(product, { id: pouch, changes: { stock_on_hand: new ExactNumber('-1') } })
    const before = await world.row(product, pouch)
    await checkQuality(world.db, testLimits)
    expect(await world.row(product, pouch)).toEqual(before)
    expect(await world.audit(pouch)).toHaveLength(1)
  })

  it('does nothing in a pass without changes', async () => {
    await world.judge(product, { id: pouch, changes: { stock_on_hand: new ExactNumber('-1') } })
    expect(await checkQuality(world.db, testLimits)).toEqual({
      judged: 0,
      opened: 0,
      resolved: 0,
      walking: 0,
    })
    expect((await world.open('negative_stock'))[0]?.times_seen).toBe(1)
  })

  it('finds a change that was committed after a later one was already judged', async () => {
    const late = openDatabase({ url: world.db.url, applicationName: 'late', poolSize: 1 })
    const mayCommit = Promise.withResolvers<undefined>()
    const written = Promise.withResolvers<undefined>()
    await world.judge(product, { id: pouch })
    await world.judge(product, { id: sleeve, changes: { sku: 'FS-01' } })
    const running = late.transaction(async (tx) => {
      await tx.query('UPDATE tds_products SET stock_on_hand = -1 WHERE zoho_id = $1', [pouch])
      await tx.query(
        `INSERT INTO tds_audit_trail (organization_id, entity_type, entity_id, operation, cause)
         VALUES ($1, 'product', $2, 'updated', 'manual')`,
        [testOrganization, pouch],
      )
      written.resolve(undefined)
      await mayCommit.promise
    })
    await written.promise
    for (const minutesNewer of [1, 2, 3])
      await world.judge(product, {
        id: sleeve,
        minutesNewer,
        changes: { sku: 'FS-01', description: String(minutesNewer) },
      })
    mayCommit.resolve(undefined)
    await running
    await late.close()
    await checkQuality(world.db, testLimits)
    expect(await world.open('negative_stock')).toHaveLength(1)
    // And the place from which it reads follows, so that nothing is read for ever.
    for (let behind = '?'; behind !== '0';) {
      await checkQuality(world.db, testLimits)
      const { rows } = await world.db.query<{ behind: string }>(
        `SELECT (SELECT max(position) FROM tds_audit_trail) - floor_position AS behind FROM tds_quality_progress`,
      )
      behind = rows[0]?.behind ?? '?'
    }
  })

  it('judges a row only once it is known completely, also when the completing read brings no change', async () => {
    const wrong = { sub_total: new ExactNumber('1'), total: new ExactNumber('1') }
    await world.apply(invoice, { id: '1' })
    world.source.fail(new Error('Zoho is away'))
    await world.judge(invoice, {
      id: '1',
      minutesNewer: 1,
      changes: { ...wrong, tax_total: new ExactNumber('0') },
      without: ['adjustment'],
    })
    expect((await world.row(invoice, '1'))?.['sub_total']).toBe('1')
    expect(await world.open('line_sums')).toEqual([])
    await world.db.query(`UPDATE tds_invoices SET completed_version = source_modified_at WHERE zoho_id = '1'`)
    await checkQuality(world.db, testLimits)
    expect(await world.open('line_sums')).toHaveLength(1)
    expect((await world.db.query('SELECT FROM tds_quality_waiting')).rowCount).toBe(0)
  })

  it('lets one worker pass at a time', async () => {
    const held = Promise.withResolvers<undefined>()
    const release = Promise.withResolvers<undefined>()
    const other = world.db.transaction(async (tx) => {
      await tx.query('SELECT FROM tds_quality_progress FOR UPDATE')
      held.resolve(undefined)
      await release.promise
    })
    await held.promise
    expect(await checkQuality(world.db, testLimits)).toBeNull()
    release.resolve(undefined)
    await other
    expect(await checkQuality(world.db, testLimits)).not.toBeNull()
  })

  it('walks over a type, slice by slice, where too much changed at once', async () => {
    for (const id of ['1', '2', '3', '4', '5'])
      await world.apply(product, { id, changes: { sku: id, stock_on_hand: new ExactNumber(`-${id}`) } })
    const first = await checkQuality(world.db, { ...testLimits, changes: 3 })
    expect(first?.judged).toBeLessThan(15)
    await world.walk({ changes: 3 })
    expect((await world.open('negative_stock')).map((finding) => finding.entity_id)).toEqual([
      '1',
      '2',
      '3',
      '4',
      '5',
    ])
  })

  it('closes by a walk what no change can close: records and values that are gone, rules that are unknown', async () => {
    await world.db.query(
      `INSERT INTO tds_quality_findings (organization_id, rule, entity_type, entity_id, subject)
       VALUES ($1, 'negative_stock', 'product', 'vanished', 'stock_on_hand'),
              ($1, 'duplicate_sku', 'product', NULL, 'sku=gone'),
              ($1, 'of_an_older_build', 'product', 'any', 'x')`,
      [testOrganization],
    )
    await world.db.query('UPDATE tds_quality_walks SET due_at = tds_now()')
    await world.walk()
    expect(await world.open()).toEqual([])
    expect(await world.resolved()).toHaveLength(3)
  })

  it('begins anew where its place comes from another server', async () => {
    await world.apply(product, { id: pouch, changes: { stock_on_hand: new ExactNumber('-1') } })
    await world.db.query(
      `UPDATE tds_quality_progress SET seen_snapshot = '900000000000:900000000000:', horizon_xact = '900000000000',
              floor_position = 900000000000`,
    )
    await world.walk()
    expect(await world.open('negative_stock')).toHaveLength(1)
    await world.judge(product, {
      id: pouch,
      minutesNewer: 1,
    })
    expect(await world.open('negative_stock')).toEqual([])
  })
})
