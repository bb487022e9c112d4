import { openDatabase, type Database } from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { invoice } from '../entities/invoice.ts'
import { mapRecord } from '../entities/map-record.ts'
import { product } from '../entities/product.ts'
import { ExactNumber } from '../json/index.ts'
import {
  createSyncWorld,
  exampleRecord,
  testOrganization,
  wrapped,
  type SyncWorld,
} from '../testing/sync-world.ts'
import { applyChanges } from './apply-changes.ts'
import { databaseNow } from './database-now.ts'
import { remapRecords, type RemapOptions, type RemapReport } from './remap-records.ts'

const by: RemapOptions = { actor: 'Nora', reason: 'ean is mapped now' }

/** Products as a later build maps them: with their EAN and the quantity that is ordered at least. */
const later: EntityDefinition = {
  ...product,
  columns: [
    ...product.columns,
    ...['ean', 'minimum_order_quantity'].map((name) => ({
      name,
      kind: name === 'ean' ? ('text' as const) : ('decimal' as const),
      keys: [name],
      required: false,
      inList: false,
      calendar: null,
      sometimes: false,
    })),
  ],
}

describe('remapRecords', () => {
  let world: SyncWorld
  // The later build is another process, with connections of its own.
  let laterDb: Database

  beforeEach(async () => {
    world = await createSyncWorld()
    laterDb = openDatabase({ url: world.db.url, applicationName: 'later-build', poolSize: 2 })
    await receive('1', {})
    await receive('2', { ean: '', minimum_order_quantity: new ExactNumber('2.50') })
    await receive('3', { ean: undefined })
    await world.db.query(
      'ALTER TABLE tds_products ADD COLUMN ean text, ADD COLUMN minimum_order_quantity numeric',
    )
  })
  afterEach(async () => {
    await laterDb.close()
    await world.drop()
  })

  it('fills a column mapped later from the bodies that the rows keep, without a call to the source', async () => {
    const reads = world.source.reads()
    const report = await remapRecords(laterDb, later, by)
    expect(report).toEqual({
      read: 3,
      changed: 2,
      unchanged: 1,
      unreadable: 0,
      fields: { ean: 1, minimum_order_quantity: 1 },
      problems: [],
      last: { organizationId: testOrganization, zohoId: '3' },
      finished: true,
    })
    expect(await stored()).toEqual([
      { zoho_id: '1', ean: '5390000111222', minimum_order_quantity: null },
      { zoho_id: '2', ean: null, minimum_order_quantity: '2.5' },
      { zoho_id: '3', ean: null, minimum_order_quantity: null },
    ])
    expect(world.source.reads()).toBe(reads)
    expect((await world.db.query('SELECT FROM tds_owed_reads')).rowCount).toBe(0)
  })

  it('writes down who wanted it and why, and moves neither version nor time of reading', async () => {
    const before = await world.row(product, '1')
    await remapRecords(laterDb, later, by)
    expect((await world.audit('1'))[1]).toMatchObject({
      operation: 'updated',
      cause: 'manual',
      actor: 'Nora',
      reason: 'ean is mapped now',
      changed_fields: ['ean'],
      event_id: null,
    })
    const after = await world.row(product, '1')
    for (const column of [
      'source_modified_at',
      'completed_version',
      'source_read_at',
      'source_created_at',
      'raw',
      'last_event_id',
    ])
      expect([column, after?.[column]]).toEqual([column, before?.[column]])
    expect(after?.['content_hash']).not.toBe(before?.['content_hash'])
  })

  it('finds nothing to do the second time', async () => {
    await remapRecords(laterDb, later, by)
    expect(await remapRecords(laterDb, later, by)).toMatchObject({
      read: 3,
      changed: 0,
      unchanged: 3,
      fields: {},
    })
    expect(await world.audit('1')).toHaveLength(2)
  })

  it('tells beforehand exactly what it would do, and does nothing', async () => {
    const rehearsed = await remapRecords(laterDb, later, { ...by, dryRun: true })
    expect((await stored()).every((row) => row.ean === null)).toBe(true)
    expect(await world.audit('1')).toHaveLength(1)
    expect(await remapRecords(laterDb, later, by)).toEqual(rehearsed)
  })

  it('goes on where it was broken off', async () => {
    const abort = new AbortController()
    const seen: RemapReport[] = []
    const broken = await remapRecords(laterDb, later, {
      ...by,
      batch: 1,
      signal: abort.signal,
      onProgress: (report) => {
        seen.push(report)
        abort.abort()
      },
    })
    expect(broken).toMatchObject({ read: 1, finished: false, last: { zohoId: '1' } })
    expect(seen).toHaveLength(1)
    const rest = await remapRecords(laterDb, later, { ...by, after: broken.last })
    expect(rest).toMatchObject({ read: 2, changed: 1, finished: true })
  })

  it('reports what it cannot read exactly, leaves that row as it is and goes on', async () => {
    await receive('4', { minimum_order_quantity: 'None', ean: '123' })
    const report = await remapRecords(laterDb, later, by)
    expect(report).toMatchObject({ read: 4, changed: 2, unreadable: 1 })
    expect(report.problems).toEqual([
      {
        organizationId: testOrganization,
        zohoId: '4',
        code: 'bad_money',
        problem: expect.not.stringContaining('None'),
      },
    ])
    expect((await stored())[3]).toEqual({ zoho_id: '4', ean: null, minimum_order_quantity: null })
  })

  it('sets a record aside that Postgres refuses, and fills the others of its batch', async () => {
    await world.db.query(`ALTER TABLE tds_products ADD CHECK (minimum_order_quantity <> 2.5)`)
    const report = await remapRecords(laterDb, later, by)
    expect(report).toMatchObject({ read: 3, changed: 1, unchanged: 1, unreadable: 1 })
    expect(report.problems).toMatchObject([{ zohoId: '2', code: 'refused' }])
    expect((await stored())[0]?.ean).toBe('5390000111222')
  })

  it('revives no tombstone and changes nothing of it', async () => {
    await world.receive({ entity: product, zohoId: '1', body: Object.create(null), operation: 'delete' })
    await world.settle()
    expect(await remapRecords(laterDb, later, by)).toMatchObject({ read: 2 })
    expect(await world.row(product, '1')).toMatchObject({ ean: null, deleted_at: expect.any(String) })
  })

  it('leaves a column alone whose key the body lacks', async () => {
    await world.db.query(`UPDATE tds_products SET ean = 'by hand' WHERE zoho_id = '3'`)
    await remapRecords(laterDb, later, by)
    expect((await stored())[2]?.ean).toBe('by hand')
  })

  it('fills a column of lines, with the lines as they are', async () => {
    await world.receive({
      entity: invoice,
      zohoId: '9',
      body: wrapped(invoice, exampleRecord(invoice, 'detail')),
    })
    await world.settle()
    await world.db.query('ALTER TABLE tds_invoice_lines ADD COLUMN account_name text')
    const [lines] = invoice.children
    if (lines === undefined) throw new Error('invoices have lines')
    const [text] = lines.columns.filter((column) => column.name === 'name')
    if (text === undefined) throw new Error('lines have names')
    const wider = { ...text, name: 'account_name', keys: ['account_name'] }
    const withAccounts = { ...invoice, children: [{ ...lines, columns: [...lines.columns, wider] }] }
    const report = await remapRecords(laterDb, withAccounts, by)
    expect(report).toMatchObject({ read: 1, changed: 1, fields: { lines: 1 } })
    const { rows } = await world.db.query(
      'SELECT account_name, item_total FROM tds_invoice_lines ORDER BY position',
    )
    expect(rows).toEqual([
      { account_name: 'Sales', item_total: '174' },
      { account_name: 'Sales', item_total: '120.75' },
    ])
  })

  it('reads bodies in which a list row has changed nothing but what lists tell truly', async () => {
    const row = exampleRecord(product, 'detail', { name: 'New', ean: 'of the list', custom_fields: [] })
    row['last_modified_time'] = '2026-08-01T10:00:00+0100'
    await world.db.transaction(async (tx) => {
      const now = await databaseNow(tx)
      await applyChanges(
        tx,
        [
          {
            entity: product,
            organizationId: testOrganization,
            zohoId: '1',
            origin: 'list',
            says: { kind: 'content', record: mapRecord(product, row, 'list') },
            cause: 'incremental',
            lookedAt: now,
            eventId: null,
            runId: null,
            actor: 'test',
            reason: null,
            requestId: null,
          },
        ],
        now,
      )
    })
    const before = await world.row(product, '1')
    await remapRecords(laterDb, later, by)
    const after = await world.row(product, '1')
    expect(after).toMatchObject({
      name: 'New',
      ean: '5390000111222',
      custom_fields: before?.['custom_fields'],
    })
    expect(String(after?.['custom_fields'])).toContain('C-11-7')
  })

  async function receive(id: string, changes: Parameters<typeof exampleRecord>[2]): Promise<void> {
    const body = wrapped(product, exampleRecord(product, 'detail', { sku: id, ...changes }))
    await world.receive({ entity: product, zohoId: id, body })
    await world.settle()
  }

  async function stored(): Promise<
    { zoho_id: string; ean: string | null; minimum_order_quantity: string | null }[]
  > {
    const { rows } = await world.db.query<{
      zoho_id: string
      ean: string | null
      minimum_order_quantity: string | null
    }>('SELECT zoho_id, ean, minimum_order_quantity FROM tds_products ORDER BY zoho_id')
    return rows
  }
})
