import { listCertificates } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { invoice } from '../entities/invoice.ts'
import { product } from '../entities/product.ts'
import { performRead } from '../sync/perform-read.ts'
import {
  createListedWorld,
  idsOf,
  listRowOf,
  overOnePage,
  type ListedWorld,
} from '../testing/listed-world.ts'
import { testOrganization } from '../testing/sync-world.ts'
import { releaseFuse } from './release-fuse.ts'

describe('reconcileIndex', () => {
  let world: ListedWorld

  afterEach(() => world.drop())

  describe('of invoices', () => {
    const ids = idsOf(24)

    beforeEach(() => loadInvoices(ids))

    it('finds nothing where nothing differs, and certifies it with what the walk cost', async () => {
      const report = await world.reconcile({ requestedBy: 'jo' })
      expect(report).toMatchObject({ status: 'completed', compared: 24, different: 0, error: null })
      expect(report.counts).toMatchObject({ read: 24, unchanged: 24, apiCalls: 1 })
      const [certificate] = await listCertificates(world.db, { limit: 1 })
      expect(certificate).toMatchObject({
        id: report.certificateId,
        organization_id: testOrganization,
        entity_type: 'invoice',
        depth: 'index',
        compared: '24',
        equal: '24',
        different: '0',
        repaired: '0',
        left: '0',
        calls: '1',
        never_read: '0',
        issued_by: 'jo',
      })
      expect(certificate?.oldest_read_at).not.toBeNull()
    })

    it('says of each difference what probably brought it about', async () => {
      const [newer = '', drifted = '', removed = '', unheard = ''] = ids
      world.put(newer, { last_modified_time: '2026-08-01T10:00:00+0100', notes: 'x' })
      world.put(drifted, { balance: '0.01' })
      world.remove(removed)
      await sql(`UPDATE tds_invoices SET total = 1 WHERE zoho_id = $1`, [unheard])
      const report = await world.reconcile()
      const causes = new Map((await world.differences(report.runId)).map((row) => [row.zoho_id, row]))
      expect(causes.get(newer)).toMatchObject({
        class: 'stale',
        probable_cause: 'no webhook was seen for that version',
      })
      expect(causes.get(drifted)).toMatchObject({
        class: 'different',
        fields: ['balance'],
        probable_cause: 'moved without a version: Zoho moves stock and balances so',
      })
      expect(causes.get(removed)).toMatchObject({
        class: 'missing_in_zoho',
        probable_cause: 'deleted or merged in Zoho without a delivery',
      })
      expect(causes.get(unheard)).toMatchObject({
        class: 'damaged',
        probable_cause: 'written by hand: the row was changed outside TDS',
      })
      await world.confirm()
      expect((await world.row(invoice, drifted))?.['balance']).toBe('0.01')
      expect((await world.row(invoice, removed))?.['deleted_at']).not.toBeNull()
    })

    it('keeps no name or text of a person in a difference', async () => {
      const [id = ''] = ids
      world.put(id, { reference_number: 'Ms Confidential', balance: '0.01' })
      const report = await world.reconcile({ dryRun: true })
      const { rows } = await world.db.query<{ text: string }>(
        `SELECT d::text AS text FROM tds_reconciliation_differences d WHERE run_id = $1::uuid`,
        [report.runId],
      )
      expect(rows[0]?.text).toContain('0.01')
      expect(rows[0]?.text).not.toContain('Confidential')
    })

    it('writes nothing in a dry run but the run and its differences', async () => {
      const [gone = '', drifted = ''] = ids
      world.remove(gone)
      world.put(drifted, { balance: '0.01' })
      const before = await mirror()
      const report = await world.reconcile({ dryRun: true })
      expect(report).toMatchObject({ status: 'completed', different: 2, certificateId: null })
      const found = await world.differences(report.runId)
      expect(found.map(({ state }) => state)).toEqual(['left', 'left'])
      expect(await mirror()).toEqual(before)
    })

    it('certifies what it must not repair as left', async () => {
      world.put(ids[0] ?? '', { balance: '0.01' })
      const report = await world.reconcile({ repair: false })
      expect((await listCertificates(world.db, { limit: 1 }))[0]).toMatchObject({
        id: report.certificateId,
        different: '1',
        left: '1',
      })
      expect(await rows('SELECT FROM tds_owed_reads')).toEqual([])
    })

    it('does not call a change during the walk a difference', async () => {
      const [changed = '', slow = ''] = ids
      world.source.meanwhile(async () => {
        // After the list was made and before it arrives, a webhook brings a newer version.
        const newer = { last_modified_time: '2026-08-01T10:00:00+0100', balance: '1.00' }
        world.put(changed, newer)
        const detail = world.zoho.get(changed)
        await world.receive({ entity: invoice, zohoId: changed, body: { invoice: detail ?? {} } })
        await world.settle()
      })
      // Changed just now, its webhook is under way.
      const now = new Date((await world.clock.now()).getTime() - 5_000).toISOString()
      world.put(slow, { last_modified_time: now.replace(/\.\d+Z/, '+0000') })
      const report = await world.reconcile()
      expect(report).toMatchObject({ status: 'completed', different: 1 })
      expect(await world.differences(report.runId)).toMatchObject([
        { zoho_id: changed, class: 'changed_meanwhile', state: 'agreed' },
        { zoho_id: slow, class: 'stale' },
      ])
    })

    it('counts every repair in the certificate, however many are settled at once', async () => {
      for (const id of ids) world.put(id, { last_modified_time: '2026-08-01T10:00:00+0100', notes: 'x' })
      await world.reconcile()
      const waiting = [...ids]
      const settleAll = async () => {
        for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
          const key = { organizationId: testOrganization, entityType: 'invoice', zohoId: id }
          await performRead(world.parts, key, world.parts.signal)
        }
      }
      await Promise.all([settleAll(), settleAll(), settleAll(), settleAll()])
      expect(await openDifferences()).toBe(0)
      expect((await listCertificates(world.db, { limit: 1 }))[0]).toMatchObject({
        different: '24',
        repaired: '24',
        left: '0',
      })
    })

    it('holds all of the absent where they are more than may be deleted, until a person releases them', async () => {
      for (const id of ids.slice(0, 20)) world.remove(id)
      const report = await world.reconcile()
      expect(report).toMatchObject({
        status: 'partial',
        held: 20,
        certificateId: null,
        error: { code: 'deletions_held' },
      })
      await world.confirm()
      expect(await living()).toBe(24)
      expect(await world.differences(report.runId)).toHaveLength(20)
      await releaseFuse(
        world.parts,
        { organizationId: testOrganization, entityType: 'invoice', expectedCount: 20 },
        { actor: 'ada', reason: 'a year was cleaned up', dryRun: false, via: 'cli-direct' },
      )
      await world.confirm()
      const found = await world.differences(report.runId)
      expect(found.map(({ state }) => state)).toEqual(found.map(() => 'repaired'))
      expect(await living()).toBe(4)
      expect(await world.reconcile()).toMatchObject({ status: 'completed', different: 0 })
    })

    it('ends a difference that a later run no longer finds, and holds its deletion no longer', async () => {
      const gone = ids.slice(0, 2).map((id) => [id, world.zoho.get(id)] as const)
      for (const [id] of gone) world.zoho.delete(id)
      const first = await world.reconcile()
      expect(await world.differences(first.runId)).toMatchObject([{ state: 'held' }, { state: 'held' }])
      for (const [id, detail] of gone) if (detail !== undefined) world.zoho.set(id, detail)
      for (const [id, detail] of gone) if (detail !== undefined) world.source.hold(id, detail)
      await world.clock.advance('1 second')
      await world.reconcile()
      // No longer held, each is read at once: whatever waits for it is answered.
      await world.confirm()
      expect(await world.differences(first.runId)).toMatchObject([{ state: 'agreed' }, { state: 'agreed' }])
      const { rows } = await world.db.query('SELECT FROM tds_held_deletions')
      expect(rows).toEqual([])
    })

    it('is partial and deletes nothing when the list is empty', async () => {
      world.source.list(() => ({ rows: [], hasMore: false }))
      await expectHarmless(await world.reconcile())
    })

    it('starts over when the second read does not agree with the first, and corrects once two do', async () => {
      const [id = ''] = ids
      await sql(`UPDATE tds_invoices SET source_modified_at = '2031-01-01' WHERE zoho_id = $1`, [id])
      const report = await world.reconcile()
      await world.settle()
      world.put(id, { balance: '3.00' })
      await world.clock.advance('61 seconds')
      await world.settle()
      expect((await world.row(invoice, id))?.['balance']).not.toBe('3')
      expect(await world.differences(report.runId)).toMatchObject([{ state: 'confirming' }])
      await world.clock.advance('61 seconds')
      await world.settle()
      expect((await world.row(invoice, id))?.['balance']).toBe('3')
      expect(await world.differences(report.runId)).toMatchObject([{ state: 'repaired' }])
    })

    it('takes a second read that comes too early for none', async () => {
      const [id = ''] = ids
      await sql(`UPDATE tds_invoices SET source_modified_at = '2031-01-01' WHERE zoho_id = $1`, [id])
      const report = await world.reconcile()
      await world.settle()
      await world.clock.advance('30 seconds')
      await world.passTime()
      await world.settle()
      expect(await world.differences(report.runId)).toMatchObject([{ state: 'confirming' }])
      await world.clock.advance('31 seconds')
      await world.settle()
      expect(await world.differences(report.runId)).toMatchObject([{ state: 'repaired' }])
    })

    it('leaves a row alone that changed between the two reads', async () => {
      const [id = ''] = ids
      await sql(`UPDATE tds_invoices SET source_modified_at = '2031-01-01' WHERE zoho_id = $1`, [id])
      await world.reconcile()
      await world.settle()
      await sql(`UPDATE tds_invoices SET version = version + 1 WHERE zoho_id = $1`, [id])
      await world.clock.advance('61 seconds')
      await world.settle()
      expect(await openDifferences()).toBe(1)
      await world.confirm()
      expect(await openDifferences()).toBe(0)
    })

    it('takes a time of reading back that lies in the future', async () => {
      const [id = ''] = ids
      await sql(
        `UPDATE tds_invoices SET source_read_at = '2031-01-01', balance = 77, content_hash = 'x' WHERE zoho_id = $1`,
        [id],
      )
      await world.reconcile()
      await world.confirm()
      const { rows } = await world.db.query(
        `SELECT source_read_at < tds_now() AS past, balance FROM tds_invoices WHERE zoho_id = $1`,
        [id],
      )
      expect(rows).toEqual([{ past: true, balance: expect.not.stringMatching('77') as string }])
    })

    it('calls an id that the list holds twice with other content a duplicate', async () => {
      const [id = ''] = ids
      const detail = world.zoho.get(id) ?? {}
      const list = [...world.zoho.values()].map((record) => listRowOf(invoice, record))
      const other = listRowOf(invoice, { ...detail, balance: '5.55' })
      world.source.list(({ page }) => ({ rows: page === 1 ? [...list, other] : [], hasMore: false }))
      const report = await world.reconcile()
      expect(byClass(await world.differences(report.runId))).toEqual({ duplicate: [id] })
      await world.confirm()
      expect(await openDifferences()).toBe(0)
    })
  })

  describe('of many invoices', () => {
    // So many that five of them may be deleted within an hour.
    const ids = idsOf(60)

    beforeEach(() => loadInvoices(ids))

    it('lists exactly what was damaged, deleted, invented, tombstoned and put ahead by hand, and repairs all after the confirming reads', async () => {
      const [columns, hashes, lines] = [ids.slice(0, 9), ids.slice(9, 17), ids.slice(17, 25)]
      const [deleted, buried, ahead] = [ids.slice(25, 30), ids.slice(30, 33), ids.slice(33, 35)]
      const ghosts = ['901', '902', '903', '904', '905']
      await sql(`UPDATE tds_invoices SET total = total + 1 WHERE zoho_id = ANY ($1)`, [columns])
      await sql(`UPDATE tds_invoices SET content_hash = 'x' WHERE zoho_id = ANY ($1)`, [hashes])
      await sql(`DELETE FROM tds_invoice_lines WHERE invoice_zoho_id = ANY ($1)`, [lines])
      await sql(`DELETE FROM tds_invoices WHERE zoho_id = ANY ($1)`, [deleted])
      await sql(`UPDATE tds_invoices SET deleted_at = tds_now() WHERE zoho_id = ANY ($1)`, [buried])
      await sql(
        `UPDATE tds_invoices SET source_modified_at = '2031-01-01', completed_version = '2031-01-01' WHERE zoho_id = ANY ($1)`,
        [ahead],
      )
      await sql(
        `INSERT INTO tds_invoices (organization_id, zoho_id, invoice_number, version)
         SELECT '${testOrganization}', unnest($1::text[]), 'INV-0', 1`,
        [ghosts],
      )
      const report = await world.reconcile()
      expect(report).toMatchObject({ status: 'completed', compared: 65, different: 40 })
      const found = await world.differences(report.runId)
      expect(byClass(found)).toEqual({
        damaged: [...columns, ...hashes, ...lines],
        missing_here: deleted,
        deleted_here: buried,
        ahead,
        missing_in_zoho: ghosts,
      })
      await world.confirm()
      const settled = await world.differences(report.runId)
      expect(settled.filter(({ state }) => state !== 'repaired')).toEqual([])
      expect((await listCertificates(world.db, { limit: 1 }))[0]).toMatchObject({
        compared: '65',
        equal: '25',
        different: '40',
        repaired: '40',
        left: '0',
      })
      const next = await world.reconcile()
      expect(next).toMatchObject({ status: 'completed', compared: 60, different: 0 })
      expect(await world.differences(next.runId)).toEqual([])
      const { rows } = await world.db.query(
        `SELECT count(*)::int AS living, count(DISTINCT content_hash)::int AS hashes,
                count(*) FILTER (WHERE source_modified_at > tds_now())::int AS ahead
           FROM tds_invoices WHERE deleted_at IS NULL`,
      )
      expect(rows).toEqual([{ living: 60, hashes: 1, ahead: 0 }])
      expect((await world.audit(ahead[0] ?? '')).at(-1)).toMatchObject({ cause: 'correction' })
    })
  })

  describe('of products over several pages', () => {
    const ids = idsOf(overOnePage)

    beforeEach(async () => {
      world = await createListedWorld(product)
      for (const id of ids) world.put(id)
      await world.reconcile()
      // What lists tell is enough here.
      await sql('DELETE FROM tds_owed_reads')
    })

    it.each([
      ['a page is cut short', (rows: unknown[], page: number) => (page === 1 ? rows.slice(0, 150) : rows)],
      ['the page after an end that was a lie has rows', (rows: unknown[]) => rows],
    ])('is partial and deletes nothing when %s', async (what, cut) => {
      const lies = what.startsWith('the page after')
      const all = [...world.zoho.values()].map((detail) => listRowOf(product, detail))
      world.source.list(({ page }) => {
        const rows = all.slice((page - 1) * 200, page * 200)
        return { rows: cut(rows, page) as typeof rows, hasMore: !lies && page === 1 }
      })
      await expectHarmless(await world.reconcile())
    })

    it('is partial and deletes nothing when access is refused in the middle', async () => {
      const refused = new TdsError('refused', { code: 'zoho_auth', disposition: 'reject', nextStep: '-' })
      world.source.meanwhile(() => {
        world.source.fail(refused)
        return Promise.resolve()
      })
      const report = await world.reconcile()
      expect(report.error).toBe(refused)
      world.source.fail(null)
      await expectHarmless(report)
    })

    it('walks a list again that moved while it was walked, before it calls anything absent', async () => {
      const all = [...world.zoho.values()].map((detail) => listRowOf(product, detail))
      const [first, ...rest] = all
      let walks = 0
      world.source.list(({ page }) => {
        if (page === 1) walks += 1
        // In the first walk the last row of page 1 is shown on page 2 again, and the one behind it nowhere.
        if (walks === 1 && page === 2) return { rows: all.slice(199, 200), hasMore: false }
        const rows = walks === 1 ? all : [...rest, ...(first === undefined ? [] : [first])]
        return { rows: rows.slice((page - 1) * 200, page * 200), hasMore: page === 1 }
      })
      const report = await world.reconcile()
      expect(walks).toBe(2)
      expect(report).toMatchObject({ status: 'completed', compared: overOnePage, different: 0 })
    })

    it('stops at the next page when somebody cancels it', async () => {
      world.source.meanwhile(async () => {
        await sql(`UPDATE tds_sync_runs SET status = 'cancelled' WHERE status = 'running'`)
      })
      expect(await world.reconcile()).toMatchObject({ status: 'cancelled', certificateId: null })
    })
  })

  it('fails without touching anything when the source is away from the first page on', async () => {
    world = await createListedWorld(product)
    world.source.fail(new TdsError('away', { code: 'zoho_unavailable', disposition: 'retry', nextStep: '-' }))
    expect(await world.reconcile()).toMatchObject({ status: 'failed', error: { code: 'zoho_unavailable' } })
  })

  it('leaves a row that cannot be read exactly to its detail', async () => {
    world = await createListedWorld(product)
    world.put('7')
    await world.load()
    world.put('7', { rate: 'a lot' })
    const report = await world.reconcile()
    expect(byClass(await world.differences(report.runId))).toEqual({ unreadable: ['7'] })
    await world.settle()
    expect(await world.deadLetters('7')).toHaveLength(1)
    expect(await world.differences(report.runId)).toMatchObject([{ state: 'left' }])
  })

  async function loadInvoices(ids: readonly string[]): Promise<void> {
    world = await createListedWorld(invoice)
    for (const id of ids) world.put(id)
    await world.load()
    await world.confirm()
  }

  async function expectHarmless(report: Awaited<ReturnType<ListedWorld['reconcile']>>): Promise<void> {
    expect(report).toMatchObject({ status: 'partial', certificateId: null })
    await world.confirm()
    const { rows } = await world.db.query(
      `SELECT (SELECT count(*)::int FROM tds_audit_trail WHERE operation = 'deleted' AND entity_id = ANY ($1)) AS deleted,
              (SELECT count(*)::int FROM tds_reconciliation_differences WHERE class = 'missing_in_zoho') AS absent`,
      [[...world.zoho.keys()]],
    )
    expect(rows).toEqual([{ deleted: 0, absent: 0 }])
  }

  async function living(): Promise<unknown> {
    return (await rows('SELECT count(*)::int AS n FROM tds_invoices WHERE deleted_at IS NULL'))[0]?.['n']
  }

  async function openDifferences(): Promise<unknown> {
    const open = `SELECT count(*)::int AS n FROM tds_reconciliation_differences WHERE settled_at IS NULL`
    return (await rows(open))[0]?.['n']
  }

  async function mirror(): Promise<unknown[]> {
    return [
      await rows('SELECT * FROM tds_invoices ORDER BY zoho_id'),
      await rows('SELECT * FROM tds_owed_reads'),
      await rows('SELECT count(*) FROM tds_audit_trail'),
      await rows('SELECT * FROM tds_certificates ORDER BY id'),
    ]
  }

  async function rows(text: string): Promise<Record<string, unknown>[]> {
    return (await world.db.query(text)).rows
  }

  async function sql(text: string, values: readonly unknown[] = []): Promise<void> {
    await world.db.query(text, values)
  }
})

function byClass(found: readonly { class: string; zoho_id: string }[]): Record<string, string[]> {
  const classes = Object.groupBy(found, (row) => row.class)
  return Object.fromEntries(
    Object.entries(classes).map(([name, members]) => [
      name,
      (members ?? []).map((row) => row.zoho_id).sort(),
    ]),
  )
}
