import {
  ExactNumber,
  exactStringify,
  parseExactText,
  type ExactJson,
  type ExactObject,
} from '../json/index.ts'
import { createSyncWorld, exampleRecord, wrapped, type SyncWorld } from '../testing/sync-world.ts'
import { customer } from './customer.ts'
import { mapRecord } from './map-record.ts'

const listRow = parseExactText(customer.example.listRow).value as ExactObject

describe('a contact', () => {
  it('is a vendor by contact_type alone: the names that a row repeats mean nothing', () => {
    const vendor: ExactObject = { ...listRow, contact_type: 'vendor' }
    expect(mapRecord(customer, vendor, 'list').columns['contact_type']).toBe('vendor')
    expect(mapRecord(customer, listRow, 'list').columns['contact_type']).toBe('customer')
    const misnamed: ExactObject = { ...listRow, customer_name: 'Somebody', vendor_name: 'Else' }
    expect(mapRecord(customer, misnamed, 'list').columns).toEqual(
      mapRecord(customer, listRow, 'list').columns,
    )
  })

  it.each<[string, ExactJson, string | null]>([
    ['days', new ExactNumber('30'), '30'],
    ['none', new ExactNumber('0'), '0'],
    ["one of Zoho's negative codes", new ExactNumber('-3'), '-3'],
    ['a blank', '', null],
  ])('keeps terms of payment as they are meant: %s', (_what, sent, stored) => {
    const detail = exampleRecord(customer, 'detail', { payment_terms: sent })
    expect(mapRecord(customer, detail, 'detail').columns['payment_terms']).toBe(stored)
  })

  it('has no say about addresses in a list row, and none at all in a detail without them', () => {
    expect(mapRecord(customer, listRow, 'list').columns).not.toHaveProperty('billing_address')
    const bare = exampleRecord(customer, 'detail', { billing_address: undefined, shipping_address: '' })
    expect(mapRecord(customer, bare, 'detail').columns).toMatchObject({
      billing_address: null,
      shipping_address: null,
    })
  })

  it('has one postcode, whichever of the two names it came under', () => {
    const detail = exampleRecord(customer, 'detail')
    const { zip = null, ...rest } = detail['billing_address'] as ExactObject
    const renamed = exampleRecord(customer, 'detail', { billing_address: { ...rest, zipcode: zip } })
    expect(mapRecord(customer, renamed, 'webhook').columns).toEqual(
      mapRecord(customer, detail, 'webhook').columns,
    )
  })
})

describe('the row of a contact', () => {
  let world: SyncWorld
  let id = ''
  let made = 0

  beforeAll(async () => {
    world = await createSyncWorld()
  })

  beforeEach(() => {
    made += 1
    id = `46012200000020500${String(made)}`
  })

  afterAll(async () => {
    await world.drop()
  })

  it('holds its addresses as objects, in the audit entry too', async () => {
    await receive(exampleRecord(customer, 'detail'))
    const { rows } = await world.db.query(
      `SELECT jsonb_typeof(billing_address) AS kind, billing_address ->> 'zip' AS zip, shipping_address ->> 'city' AS city
         FROM tds_customers WHERE zoho_id = $1`,
      [id],
    )
    expect(rows).toEqual([{ kind: 'object', zip: 'T12 A0B1', city: 'Cork' }])
    const [entry] = await world.audit(id)
    expect(JSON.parse(entry?.after ?? '{}')).toMatchObject({ billing_address: { zip: 'T12 A0B1' } })
  })

  it('is not changed by a body that says zipcode where the detail says zip', async () => {
    await receive(exampleRecord(customer, 'detail'))
    const text = exactStringify(exampleRecord(customer, 'detail')).replaceAll('"zip":', '"zipcode":')
    expect(await receive(parseExactText(text).value as ExactObject)).toBe('unchanged')
    expect(await world.audit(id)).toHaveLength(1)
  })

  it('follows balances that move under the same version, by a read and with the cause drift', async () => {
    await receive(exampleRecord(customer, 'detail'))
    const moved = {
      outstanding_receivable_amount: new ExactNumber('99.10'),
      unused_credits_receivable_amount: new ExactNumber('0'),
    }
    world.source.hold(id, exampleRecord(customer, 'detail', moved))
    const reads = world.source.reads()
    await receive(exampleRecord(customer, 'detail', moved))
    expect(world.source.reads()).toBe(reads + 1)
    expect(await world.row(customer, id)).toMatchObject({ outstanding_receivable_amount: '99.1' })
    expect((await world.audit(id)).at(-1)).toMatchObject({
      operation: 'updated',
      cause: 'drift',
      changed_fields: ['outstanding_receivable_amount', 'unused_credits_receivable_amount'],
    })
  })

  it('keeps the addresses that a list row or a partial body does not carry', async () => {
    await receive(exampleRecord(customer, 'detail'))
    world.source.fail(new Error('not now'))
    await receive(
      exampleRecord(customer, 'webhook', {
        billing_address: undefined,
        shipping_address: undefined,
        phone: '+353 21 555 0199',
        last_modified_time: '2026-06-04T10:00:00+0100',
      }),
    )
    world.source.fail(null)
    const row = await world.row(customer, id)
    expect(row).toMatchObject({ phone: '+353 21 555 0199' })
    expect(row?.['billing_address']).not.toBeNull()
  })

  it('of a vendor stands in the same table', async () => {
    await receive(exampleRecord(customer, 'detail', { contact_type: 'vendor', contact_name: 'Lisbon Loom' }))
    expect(await world.row(customer, id)).toMatchObject({
      contact_type: 'vendor',
      contact_name: 'Lisbon Loom',
    })
  })

  async function receive(record: ExactObject): Promise<string> {
    const eventId = await world.receive({ entity: customer, zohoId: id, body: wrapped(customer, record) })
    await world.settle()
    return world.status(eventId)
  }
})
