import { randomUUID } from 'node:crypto'
import { beginRun, readCursor } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { invoice } from '../entities/invoice.ts'
import { product } from '../entities/product.ts'
import type { ExactObject } from '../json/index.ts'
import type { ListPage, PageWish } from '../sync/record-source.ts'
import { createSyncWorld, exampleRecord, testOrganization, type SyncWorld } from '../testing/sync-world.ts'
import { watermarkOf } from './list-cursor.ts'
import type { ListMode } from './list-modes.ts'
import { readList, type ListTask, type RunReport } from './read-list.ts'
import { rowsPerPage } from './walk-list.ts'

describe('readList', () => {
  let world: SyncWorld
  let asked: PageWish[]

  beforeEach(async () => {
    world = await createSyncWorld()
    asked = []
  })

  afterEach(() => world.drop())

  it('applies the rows of a first run at once, owes their details, and sets the watermark before its first request', async () => {
    const ids = listOf(3)
    const report = await read()
    expect(report).toMatchObject({ status: 'completed', whole: true, error: null })
    expect(report.counts).toMatchObject({ read: 3, created: 3, failed: 0, apiCalls: 1 })
    expect((await world.row(product, ids[0] ?? ''))?.['name']).toBe('Linen pouch 3 L')
    expect(await owed()).toEqual(ids.map((id) => ({ zoho_id: id, reason: 'backfill' })))
    const [cursor] = await rows(
      `SELECT last_entity_version < tds_now() - interval '5 minutes' AS early,
              last_entity_version > tds_now() - interval '6 minutes' AS near FROM tds_sync_cursors`,
    )
    expect(cursor).toEqual({ early: true, near: true })
  })

  it('asks, once it is proven that the list leaves out what is older, for what changed since the watermark less an overlap', async () => {
    listOf(1)
    await read()
    asked = []
    await read()
    const [proof, page] = asked
    expect(minutesAgo(proof)).toBeLessThan(-1400)
    expect(Math.round(minutesAgo(page))).toBe(10)
    asked = []
    await read()
    expect(asked).toHaveLength(1)
  })

  it('reads the list whole when a date ahead of time does not empty it', async () => {
    listOf(2, { honours: () => false })
    await read()
    asked = []
    const report = await read()
    expect(report).toMatchObject({ status: 'completed', whole: true })
    expect(asked.map((wish) => wish.modifiedSince === null)).toEqual([false, true])
    expect(report.counts).toMatchObject({ unchanged: 2, apiCalls: 2 })
  })

  it('reads the list whole, and no longer trusts it, when a row is older than what was asked for', async () => {
    listOf(2, { honours: (wish) => minutesAgo(wish) < 0 })
    await read()
    asked = []
    const report = await read()
    expect(report).toMatchObject({ status: 'completed', whole: true })
    expect(asked.map((wish) => wish.modifiedSince === null)).toEqual([false, false, true])
    asked = []
    await read()
    expect(asked.map((wish) => wish.modifiedSince === null)).toEqual([true])
  })

  it.each([
    ['is shorter than it may be', (rows: readonly ExactObject[]) => ({ rows: rows.slice(1), hasMore: true })],
    ['is empty', () => ({ rows: [], hasMore: true })],
    ['repeats the page before', (rows: readonly ExactObject[]) => ({ rows, hasMore: true })],
  ])('is partial, and leaves the watermark, when a page %s although there is more', async (_, second) => {
    listOf(1)
    await read()
    const before = await watermark()
    const page = rowsOf(rowsPerPage).map(({ row }) => row)
    world.source.list(({ page: number }) => (number === 1 ? { rows: page, hasMore: true } : second(page)))
    await rows(`UPDATE tds_sync_cursors SET sync_metadata = '{}'`)
    const report = await read()
    expect(report).toMatchObject({ status: 'partial', error: { code: 'list_unreliable' } })
    expect(await watermark()).toBe(before)
    expect(await rows('SELECT count(*)::int AS kept FROM tds_products')).toEqual([{ kept: 200 }])
    expect(
      await rows(
        `SELECT status, error_summary->>'code' AS code FROM tds_sync_runs ORDER BY started_at DESC LIMIT 1`,
      ),
    ).toEqual([{ status: 'partial', code: 'list_unreliable' }])
  })

  it('fails without touching anything when the source does, and a first load waits where it stands', async () => {
    const away = new TdsError('away', { code: 'zoho_unavailable', disposition: 'retry', nextStep: '-' })
    world.source.fail(away)
    expect(await read()).toMatchObject({ status: 'waiting', error: { code: 'zoho_unavailable' } })
    expect(await watermark()).toBeNull()
    world.source.fail(null)
    listOf(1)
    await read()
    const before = await watermark()
    world.source.fail(away)
    expect(await read()).toMatchObject({ status: 'failed', error: { code: 'zoho_unavailable' } })
    expect(await watermark()).toBe(before)
  })

  it('goes on, after a fault in the middle of a first load, one page before the one it stood at', async () => {
    const all = rowsOf(3 * rowsPerPage).map(({ row }) => row)
    let broken = true
    const pages: number[] = []
    world.source.list(({ page }) => {
      pages.push(page)
      if (broken && page === 3)
        throw new TdsError('reset', { code: 'transport', disposition: 'retry', nextStep: '-' })
      return { rows: all.slice((page - 1) * rowsPerPage, page * rowsPerPage), hasMore: page < 3 }
    })
    const first = await run({ mode: 'full' })
    expect(first).toMatchObject({ status: 'waiting', counts: { created: 400 } })
    const [left] = await rows('SELECT place::text, status FROM tds_sync_runs')
    expect(left).toMatchObject({ status: 'running' })
    broken = false
    pages.length = 0
    const place = String(left?.['place'])
    const second = await run({ mode: 'full', task: { runId: first.runId, place } })
    expect(second).toMatchObject({ status: 'completed', counts: { created: 200, unchanged: 200 } })
    expect(pages).toEqual([2, 3])
    expect(await rows('SELECT read, created, status FROM tds_sync_runs')).toEqual([
      { read: '800', created: '600', status: 'completed' },
    ])
    const [{ early } = { early: null }] = await rows(
      `SELECT last_entity_version < started_at - interval '4 minutes' AS early FROM tds_sync_cursors, tds_sync_runs`,
    )
    expect(early).toBe(true)
  })

  it.each([2, 3, 7, 8])(
    'says before a first load of %i pages how many rows there are at most',
    async (pages) => {
      const page = rowsOf(rowsPerPage).map(({ row }) => row)
      const all = Array.from({ length: pages }, (_, index) =>
        page.map((row, place) => ({
          ...row,
          item_id: String(573914000001000000n + BigInt(index * 200 + place)),
        })),
      )
      world.source.list(({ page: number }) => ({ rows: all[number - 1] ?? [], hasMore: number < pages }))
      const report = await run({ mode: 'backfill', task: { dryRun: true } })
      expect(report).toMatchObject({ status: 'completed', counts: { created: pages * 200 } })
      expect(await rows('SELECT expected_rows FROM tds_sync_runs')).toEqual([
        { expected_rows: String(pages * 200) },
      ])
      expect(report.counts.apiCalls).toBeLessThanOrEqual(pages + 2 * Math.ceil(Math.log2(pages)) + 1)
    },
  )

  it('only tells, when it is a rehearsal, what it would do', async () => {
    const ids = listOf(3)
    await run({ mode: 'full', task: { dryRun: true } })
    expect(await rows('SELECT created, dry_run, status FROM tds_sync_runs')).toEqual([
      { created: '3', dry_run: true, status: 'completed' },
    ])
    expect(await world.row(product, ids[0] ?? '')).toBeUndefined()
    expect(await owed()).toEqual([])
    expect(await watermark()).toBeNull()
  })

  it('asks from the time that a person named, and leaves the watermark', async () => {
    listOf(2)
    await read()
    const before = await watermark()
    asked = []
    const since = (Date.now() - 3_600_000) * 1000
    const report = await run({
      mode: 'since',
      task: { since, requestedBy: { actor: 'ada', reason: 'a look' } },
    })
    expect(report.status).toBe('completed')
    expect(asked.map((wish) => wish.modifiedSince)).toEqual([since])
    expect(await watermark()).toBe(before)
  })

  it('applies what can be read and leaves an unreadable row to its detail', async () => {
    const [good, bad] = rowsOf(2)
    if (good === undefined || bad === undefined) throw new Error('two rows were made')
    const broken = { ...bad.row, rate: 'a lot' }
    world.source.list(() => ({ rows: [good.row, broken], hasMore: false }))
    const report = await read()
    expect(report.counts).toMatchObject({ read: 2, created: 1, failed: 1 })
    expect((await owed()).map((read) => read['zoho_id'])).toEqual([good.id, bad.id].sort())
    expect(await world.row(product, bad.id)).toBeUndefined()
  })

  it('stops at the next page when somebody cancels it', async () => {
    const page = rowsOf(rowsPerPage).map(({ row }) => row)
    world.source.list(({ page: number }) => {
      if (number === 2) throw new Error('a cancelled run asked for another page')
      return { rows: page, hasMore: true }
    })
    await rows(`CREATE FUNCTION cancel_runs() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN UPDATE tds_sync_runs SET status = 'cancelled'; RETURN NULL; END $$`)
    await rows(
      `CREATE TRIGGER cancelling AFTER INSERT ON tds_audit_trail FOR EACH STATEMENT EXECUTE FUNCTION cancel_runs()`,
    )
    expect(await read()).toMatchObject({ status: 'cancelled' })
    expect(await watermark()).toBeNull()
  })

  it('writes nothing once another process leads', async () => {
    listOf(1)
    const lost = new TdsError('over', { code: 'lease_lost', disposition: 'retry', nextStep: '-' })
    await expect(read({ guard: () => Promise.reject(lost) })).rejects.toBe(lost)
    expect(await rows('SELECT FROM tds_products')).toEqual([])
  })

  it('takes balances that moved under one version for drift', async () => {
    const id = '573914000000200001'
    await loadInvoice(id, '10.00')
    await readMovedBalance(id, '4.00')
    expect(await owedInvoices()).toEqual([])
    expect((await world.audit(id)).at(-1)).toMatchObject({
      operation: 'updated',
      cause: 'drift',
      changed_fields: ['balance'],
    })
  })

  it('covers up nothing that somebody has written to a row by hand: its detail is owed', async () => {
    const id = '573914000000200001'
    await loadInvoice(id, '10.00')
    await rows(`UPDATE tds_invoices SET reference_number = 'by hand'`)
    await readMovedBalance(id, '4.00')
    expect(await owedInvoices()).toEqual([{ zoho_id: id, reason: 'incremental' }])
  })

  function owedInvoices() {
    return rows(`SELECT zoho_id, reason FROM tds_owed_reads WHERE entity_type = 'invoice'`)
  }

  async function loadInvoice(id: string, balance: string): Promise<void> {
    world.source.list(() => ({ rows: [invoiceRow(id, balance)], hasMore: false }))
    await read({}, invoice)
    world.source.hold(id, exampleRecord(invoice, 'detail', { invoice_id: id, balance }))
    await world.settle()
    await rows('DELETE FROM tds_owed_reads')
  }

  async function readMovedBalance(id: string, balance: string): Promise<void> {
    world.source.list(() => ({ rows: [invoiceRow(id, balance)], hasMore: false }))
    await rows(
      `UPDATE tds_sync_cursors SET sync_metadata = '{"filter":{"honoured":false,"provedAt":"2100-01-01T00:00:00Z"}}'`,
    )
    await read({}, invoice)
  }

  function invoiceRow(id: string, balance: string) {
    return exampleRecord(invoice, 'listRow', { invoice_id: id, balance })
  }

  /** As the loop of the worker does: a first load where nothing was ever read, then what has changed. */
  async function read(
    lease: Partial<{ guard: () => Promise<void> }> = {},
    entity: typeof product = product,
  ): Promise<RunReport> {
    const cursor = await readCursor(world.db, {
      organizationId: testOrganization,
      sourceType: 'scheduled',
      entityType: entity.type,
    })
    return run({ mode: watermarkOf(cursor) === null ? 'backfill' : 'incremental', entity, lease })
  }

  async function run(o: {
    mode: ListMode
    entity?: typeof product
    lease?: Partial<{ guard: () => Promise<void> }>
    task?: Partial<ListTask>
  }): Promise<RunReport> {
    const entity = o.entity ?? product
    const runId =
      o.task?.runId ??
      (await beginRun(world.db, {
        organizationId: testOrganization,
        runType: 'scheduled',
        entityType: entity.type,
        mode: o.mode,
        dryRun: o.task?.dryRun ?? false,
        workerId: randomUUID(),
        requestedBy: null,
        cursorBefore: null,
      }))
    return readList(
      {
        db: world.db,
        queue: { send: () => Promise.resolve() },
        source: world.source,
        lease: { guard: () => Promise.resolve(), ...o.lease },
        signal: new AbortController().signal,
      },
      {
        organizationId: testOrganization,
        entity,
        mode: o.mode,
        dryRun: false,
        since: null,
        place: null,
        requestedBy: null,
        ...o.task,
        runId,
      },
    )
  }

  /** A list of so many products that were changed long ago. */
  function listOf(count: number, o: { honours?: (wish: PageWish) => boolean } = {}): string[] {
    const listed = rowsOf(count)
    const honours = o.honours ?? (() => true)
    world.source.list((wish): ListPage => {
      asked.push(wish)
      const isEmptied = wish.modifiedSince !== null && honours(wish)
      return { rows: isEmptied ? [] : listed.map(({ row }) => row), hasMore: false }
    })
    return listed.map(({ id }) => id)
  }

  function rowsOf(count: number): { id: string; row: ExactObject }[] {
    return Array.from({ length: count }, (_, index) => {
      const id = String(573914000000101001n + BigInt(index))
      return { id, row: exampleRecord(product, 'listRow', { item_id: id }) }
    })
  }

  async function rows(sql: string): Promise<Record<string, unknown>[]> {
    return (await world.db.query(sql)).rows
  }

  function owed() {
    return rows('SELECT zoho_id, reason FROM tds_owed_reads ORDER BY zoho_id')
  }

  async function watermark(): Promise<unknown> {
    return (
      (await rows('SELECT last_entity_version FROM tds_sync_cursors'))[0]?.['last_entity_version'] ?? null
    )
  }
})

/** How long before now the time lies that a page was asked from. */
function minutesAgo(wish: PageWish | undefined): number {
  if (wish === undefined || wish.modifiedSince === null) throw new Error('no time was asked for')
  return (Date.now() - wish.modifiedSince / 1000) / 60_000
}
