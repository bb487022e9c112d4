import { ExactNumber, parseExactText, type ExactJson, type ExactObject } from '../json/index.ts'
import { remapRecords } from '../sync/remap-records.ts'
import { createSyncWorld, exampleRecord, wrapped, type SyncWorld } from '../testing/sync-world.ts'
import { invoice } from './invoice.ts'
import { mapRecord } from './map-record.ts'

const listRow = parseExactText(invoice.example.listRow).value as ExactObject

describe('an invoice that Zoho calls overdue', () => {
  it.each<[string, Record<string, ExactJson>, string]>([
    ['was sent and is not paid', { balance: new ExactNumber('362.54') }, 'sent'],
    ['was viewed', { balance: new ExactNumber('362.540'), is_viewed_by_client: true }, 'viewed'],
    ['is paid in part', { balance: new ExactNumber('262.54'), is_viewed_by_client: true }, 'partially_paid'],
    ['tells its balance as text', { balance: '362.54' }, 'sent'],
  ])('is stored as what stands behind it: it %s', (_what, changes, status) => {
    const detail = exampleRecord(invoice, 'detail', { ...changes, status: 'overdue' })
    expect(mapRecord(invoice, detail, 'detail').columns['status']).toBe(status)
    const row: ExactObject = { ...listRow, ...changes, status: 'overdue' }
    expect(mapRecord(invoice, row, 'list').columns['status']).toBe(status)
  })

  it.each(['draft', 'sent', 'viewed', 'unpaid', 'partially_paid', 'paid', 'void', 'a_state_of_tomorrow'])(
    'leaves every other word as Zoho says it: %s',
    (status) => {
      const detail = exampleRecord(invoice, 'detail', { status })
      expect(mapRecord(invoice, detail, 'detail').columns['status']).toBe(status)
    },
  )

  it.each(['balance', 'total', 'is_viewed_by_client'])(
    'says nothing about its state in a webhook without %s: the source is asked instead of guessed',
    (key) => {
      const body = exampleRecord(invoice, 'detail', { status: 'overdue', [key]: undefined })
      const mapped = mapRecord(invoice, body, 'webhook')
      expect(mapped.columns).not.toHaveProperty('status')
      expect(mapped.completeness).toBe('thin')
    },
  )

  it('takes an absent key for a blank in a detail, which is complete', () => {
    const detail = exampleRecord(invoice, 'detail', {
      status: 'overdue',
      balance: new ExactNumber('362.54'),
      is_viewed_by_client: undefined,
    })
    expect(mapRecord(invoice, detail, 'detail').columns['status']).toBe('sent')
  })
})

describe('the day after the due date', () => {
  let world: SyncWorld

  beforeAll(async () => {
    world = await createSyncWorld()
  })

  afterAll(async () => {
    await world.drop()
  })

  it('changes no row and is no drift, however often Zoho is asked', async () => {
    const id = '460122000000412009'
    const unpaid = { balance: new ExactNumber('362.54'), status: 'sent' }
    await receive(exampleRecord(invoice, 'detail', unpaid))
    for (const round of [1, 2, 3]) {
      const overdue = exampleRecord(invoice, 'detail', { ...unpaid, status: 'overdue' })
      world.source.hold(id, overdue)
      expect([round, await receive(overdue)]).toEqual([round, 'unchanged'])
      await receive({ entity: 'invoice', id })
    }
    expect(await world.row(invoice, id)).toMatchObject({ status: 'sent', version: 1 })
    expect(await world.audit(id)).toHaveLength(1)
  })

  it('leaves no word of an earlier build behind that a remap does not mend, without a call to Zoho', async () => {
    const id = '460122000000412009'
    await receive(exampleRecord(invoice, 'detail', { balance: new ExactNumber('362.54'), status: 'overdue' }))
    await world.db.query(`UPDATE tds_invoices SET status = 'overdue' WHERE zoho_id = $1`, [id])
    const reads = world.source.reads()
    const report = await remapRecords(world.db, invoice, { actor: 'Nora', reason: 'overdue is derived now' })
    expect(report).toMatchObject({ changed: 1, unreadable: 0, fields: { status: 1 } })
    expect(await world.row(invoice, id)).toMatchObject({ status: 'sent' })
    expect(world.source.reads()).toBe(reads)
  })

  it.each([
    ['the day it is due', 'sent', '0 days', '10', false],
    ['the day after', 'sent', '1 day', '10', true],
    ['paid in part', 'partially_paid', '1 day', '0.01', true],
    ['nothing left to pay', 'sent', '1 day', '0', false],
    ['a draft', 'draft', '30 days', '10', false],
    ['paid', 'paid', '30 days', '0', false],
    ['void', 'void', '30 days', '10', false],
  ])('is seen by tds_is_overdue: %s', async (_when, status, ago, balance, expected) => {
    const { rows } = await world.db.query<{ is: boolean }>(
      `SELECT tds_is_overdue($1, (tds_now()::date - $2::interval)::date, $3::numeric) AS is`,
      [status, ago, balance],
    )
    expect(rows).toEqual([{ is: expected }])
  })

  it('makes no document overdue that has no due date, balance or status', async () => {
    const { rows } = await world.db.query(
      `SELECT tds_is_overdue(NULL, '2020-01-01', 1) AS a, tds_is_overdue('sent', NULL, 1) AS b, tds_is_overdue('sent', '2020-01-01', NULL) AS c`,
    )
    expect(rows).toEqual([{ a: false, b: false, c: false }])
  })

  it('shows living invoices in tds_v_overdue_invoices, with the days since', async () => {
    await world.db.query(
      `INSERT INTO tds_invoices (organization_id, zoho_id, status, due_date, balance, deleted_at)
       VALUES ('1', '1', 'sent', tds_now()::date - 3, 5, NULL), ('1', '2', 'sent', tds_now()::date - 3, 5, tds_now()),
              ('1', '3', 'sent', tds_now()::date, 5, NULL)`,
    )
    const { rows } = await world.db.query(
      `SELECT zoho_id, days_overdue FROM tds_v_overdue_invoices WHERE organization_id = '1'`,
    )
    expect(rows).toEqual([{ zoho_id: '1', days_overdue: 3 }])
  })

  async function receive(record: ExactObject): Promise<string> {
    const zohoId = '460122000000412009'
    const body = record['entity'] === undefined ? wrapped(invoice, record) : record
    const eventId = await world.receive({ entity: invoice, zohoId, body })
    await world.settle()
    return world.status(eventId)
  }
})
