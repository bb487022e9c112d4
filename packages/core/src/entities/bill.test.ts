import { ExactNumber, parseExactText, type ExactJson, type ExactObject } from '../json/index.ts'
import { createSyncWorld, exampleRecord, wrapped, type SyncWorld } from '../testing/sync-world.ts'
import { bill } from './bill.ts'
import { mapRecord } from './map-record.ts'

const listRow = parseExactText(bill.example.listRow).value as ExactObject

describe('a bill', () => {
  it.each<[string, ExactJson]>([
    ['its own id', '460122000000455004'],
    ['an id as a bare number', new ExactNumber('460122000000455004')],
    ['a boolean, as one would think', false],
    ['something of tomorrow', { amount: new ExactNumber('1') }],
  ])('is read whatever stands under is_opening_balance: %s', (_what, value) => {
    const expected = mapRecord(bill, listRow, 'list').columns
    expect(mapRecord(bill, { ...listRow, is_opening_balance: value }, 'list').columns).toEqual(expected)
    const detail = exampleRecord(bill, 'detail', { is_opening_balance: value })
    expect(mapRecord(bill, detail, 'detail').columns).toMatchObject(expected)
  })

  it.each<[string, ExactJson, string]>([
    ['nothing is paid', new ExactNumber('1150'), 'open'],
    ['nothing is paid, with other zeros', new ExactNumber('1150.00'), 'open'],
    ['a part is paid', new ExactNumber('1149.99'), 'partially_paid'],
  ])('that Zoho calls overdue is stored as what stands behind it: %s', (_what, balance, status) => {
    const overdue = { status: 'overdue', balance }
    const detail = exampleRecord(bill, 'detail', overdue)
    expect(mapRecord(bill, detail, 'detail').columns['status']).toBe(status)
    expect(mapRecord(bill, { ...listRow, ...overdue }, 'list').columns['status']).toBe(status)
    expect(mapRecord(bill, exampleRecord(bill, 'webhook', overdue), 'webhook').columns['status']).toBe(status)
  })

  it.each(['draft', 'open', 'partially_paid', 'paid', 'void', 'pending_approval', 'approved', 'rejected'])(
    'keeps every other state as Zoho says it: %s',
    (status) => {
      const detail = exampleRecord(bill, 'detail', { status })
      expect(mapRecord(bill, detail, 'detail').columns['status']).toBe(status)
    },
  )

  it("may lack its number, which is the vendor's, and lines without a discount have none", () => {
    const mapped = mapRecord(bill, exampleRecord(bill, 'detail', { bill_number: '' }), 'detail')
    expect(mapped.columns['bill_number']).toBeNull()
    const [line] = mapped.children['tds_bill_lines'] ?? []
    expect(line).toMatchObject({ discount: '0', discount_amount: null, quantity: '120', item_total: '702' })
  })
})

describe('the row of a bill', () => {
  let world: SyncWorld
  const id = '460122000000455004'

  beforeAll(async () => {
    world = await createSyncWorld()
  })

  afterAll(async () => {
    await world.drop()
  })

  it('does not move when the calendar turns the bill overdue, and its view tells it', async () => {
    await receive(exampleRecord(bill, 'detail', { due_date: '2020-01-31' }))
    const turned = exampleRecord(bill, 'detail', { due_date: '2020-01-31', status: 'overdue' })
    world.source.hold(id, turned)
    expect(await receive(turned)).toBe('unchanged')
    expect(await world.row(bill, id)).toMatchObject({ status: 'open', version: 1 })
    const { rows } = await world.db.query(
      `SELECT bill_number, status, balance, days_overdue > 2000 AS late FROM tds_v_overdue_bills`,
    )
    expect(rows).toEqual([{ bill_number: 'LL-3307', status: 'open', balance: '1150', late: true }])
  })

  it('leaves the view when it is paid', async () => {
    const paid = {
      due_date: '2020-01-31',
      status: 'paid',
      balance: new ExactNumber('0'),
      last_modified_time: '2026-07-21T10:00:00+0100',
    }
    await receive(exampleRecord(bill, 'detail', paid))
    expect((await world.db.query('SELECT FROM tds_v_overdue_bills')).rows).toEqual([])
  })

  async function receive(record: ExactObject): Promise<string> {
    const eventId = await world.receive({ entity: bill, zohoId: id, body: wrapped(bill, record) })
    await world.settle()
    return world.status(eventId)
  }
})
