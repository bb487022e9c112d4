import { requestReads, type OwedReadKey, type ReadReason, type ReadRequest } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { customer } from '../entities/customer.ts'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { entities } from '../entities/index.ts'
import { invoice } from '../entities/invoice.ts'
import { mapRecord } from '../entities/map-record.ts'
import { product } from '../entities/product.ts'
import type { ExactJson, ExactObject } from '../json/index.ts'
import {
  createSyncWorld,
  exampleRecord,
  testOrganization,
  wrapped,
  type SyncWorld,
} from '../testing/sync-world.ts'
import { applyChanges, type RecordChange } from './apply-changes.ts'
import type { ChangeCause } from './change.ts'
import { databaseNow } from './database-now.ts'
import { followUpReads } from './follow-up-reads.ts'
import { planPatientReads } from './patient-reads.ts'
import { performBulkRead } from './perform-bulk-read.ts'
import { performRead } from './perform-read.ts'
import type { ReadReport } from './reading.ts'

let world: SyncWorld
let records = 0

interface OwedRow {
  readonly entity_type: string
  readonly zoho_id: string
  readonly reason: string
  readonly alone: boolean
  readonly due_in: number
}

beforeAll(async () => {
  world = await createSyncWorld()
})
beforeEach(async () => {
  world.source.fail(null)
  world.source.refuse(null)
  await world.db.query(
    `TRUNCATE tds_inbox_events, tds_owed_reads, tds_record_reads, tds_dead_letter_queue, tds_event_counts,
              ${entities.map((entity) => entity.table).join(', ')}`,
  )
})
afterAll(async () => {
  await world.drop()
})

describe('a record that names one which is not here', () => {
  it.each(
    entities.filter((entity) => entity.references.length > 0).map((entity) => [entity.type, entity] as const),
  )('asks for a patient read of it in the same transaction: %s', async (_, entity) => {
    const body = exampleRecord(entity, 'detail')
    world.source.hold(idOf(entity, body), body)
    await world.receive({ entity, zohoId: idOf(entity, body), body: wrapped(entity, body) })
    await world.settle()
    const asked = await owed()
    const targets = new Set(entity.references.map((reference) => reference.to))
    expect(new Set(asked.map((row) => row.entity_type))).toEqual(targets)
    for (const row of asked) {
      expect(row.reason).toBe('parent')
      expect(row.due_in).toBeGreaterThan(5)
    }
  })

  it('gets it with one call, however many records name it', async () => {
    const customerId = newId()
    world.source.hold(customerId, exampleRecord(customer, 'detail', { contact_id: customerId }))
    for (let n = 0; n < 5; n += 1) await receiveInvoice({ customer_id: customerId, line_items: [] })
    await world.settle()
    const before = world.source.reads()
    await passPatiently()
    expect(world.source.reads()).toBe(before + 1)
    expect(await world.row(customer, customerId)).toBeDefined()
    expect(await world.audit(customerId)).toMatchObject([{ operation: 'created', cause: 'webhook' }])
  })

  it('is applied all the same where that one is not there either, which leaves a tombstone of its key', async () => {
    const customerId = newId()
    const id = await receiveInvoice({ customer_id: customerId, line_items: [] })
    await world.settle()
    await passPatiently()
    expect((await world.row(customer, customerId))?.['deleted_at']).not.toBeNull()
    expect((await world.row(invoice, id))?.['deleted_at']).toBeNull()
    await receiveInvoice({ customer_id: customerId, line_items: [] })
    await world.settle()
    expect((await owed()).filter((row) => row.reason === 'parent')).toEqual([])
  })

  it('asks for nothing where that one has arrived by itself meanwhile', async () => {
    const customerId = newId()
    await receiveInvoice({ customer_id: customerId, line_items: [] })
    await world.settle()
    const body = exampleRecord(customer, 'detail', { contact_id: customerId })
    await world.receive({ entity: customer, zohoId: customerId, body: wrapped(customer, body) })
    await world.settle()
    await world.db.query(`UPDATE tds_owed_reads SET reason = 'parent'`)
    const before = world.source.reads()
    await passPatiently()
    expect(world.source.reads()).toBe(before)
    expect(await owed()).toEqual([])
  })
})

describe('a change that moves numbers of others', () => {
  it('asks for the contact and the items of an invoice, half a minute later', async () => {
    const [customerId, itemId] = await knownParents()
    await receiveInvoice({ customer_id: customerId, line_items: [lineOf(itemId)] })
    await world.settle()
    expect(await owed()).toMatchObject([
      { entity_type: 'product', zoho_id: itemId, reason: 'ripple' },
      { entity_type: 'customer', zoho_id: customerId, reason: 'ripple' },
    ])
    for (const row of await owed()) expect(row.due_in).toBeGreaterThan(25)
  })

  it('costs one read of the customer for 50 invoices', async () => {
    const [customerId] = await knownParents()
    for (let n = 0; n < 50; n += 1) await receiveInvoice({ customer_id: customerId, line_items: [] })
    await world.settle()
    world.source.hold(
      customerId,
      exampleRecord(customer, 'detail', { contact_id: customerId, outstanding_receivable_amount: '77' }),
    )
    const before = world.source.reads()
    await passPatiently()
    expect(world.source.reads()).toBe(before + 1)
    expect((await world.row(customer, customerId))?.['outstanding_receivable_amount']).toBe('77')
    expect((await world.audit(customerId)).at(-1)).toMatchObject({ cause: 'drift' })
  })

  it('asks also for an item that a line named before, and for all of them when the invoice is deleted', async () => {
    const [customerId, first] = await knownParents()
    const [, second] = await knownParents()
    const id = await receiveInvoice({ customer_id: customerId, line_items: [lineOf(first)] })
    await world.settle()
    await forgetOwed()
    await receiveInvoice({ customer_id: customerId, line_items: [lineOf(second)] }, { id, minute: 20 })
    await world.settle()
    expect(itemsIn(await owed())).toEqual([first, second].sort())
    await forgetOwed()
    await world.receive({
      entity: invoice,
      zohoId: id,
      body: wrapped(invoice, exampleRecord(invoice, 'detail', { invoice_id: id })),
      operation: 'delete',
    })
    await world.settle()
    expect((await world.row(invoice, id))?.['deleted_at']).not.toBeNull()
    expect(itemsIn(await owed())).toEqual([second])
  })

  it.each<[ChangeCause, boolean]>([
    ['webhook', true],
    ['incremental', true],
    ['backfill', false],
    ['drift', false],
    ['reconciliation', false],
    ['correction', false],
    ['replay', false],
    ['manual', false],
  ])('caused by %s ripples: %s', async (cause, ripples) => {
    const [customerId, itemId] = await knownParents()
    const reads = await world.db.transaction(async (tx) => {
      const change = changeOf(invoice, cause, { customer_id: customerId, line_items: [lineOf(itemId)] })
      const [result] = await applyChanges(tx, [change], await databaseNow(tx))
      return result === undefined ? [] : followUpReads(tx, [{ change, result }])
    })
    expect(reads.map((read) => read.reason)).toEqual(ripples ? ['ripple', 'ripple'] : [])
  })

  it('does not ripple on: what a ripple finds asks for nothing', async () => {
    const [customerId] = await knownParents()
    await receiveInvoice({ customer_id: customerId, line_items: [] })
    await world.settle()
    world.source.hold(
      customerId,
      exampleRecord(customer, 'detail', { contact_id: customerId, company_name: 'New' }),
    )
    await passPatiently()
    expect(await owed()).toEqual([])
  })
})

describe('reading many at once', () => {
  it('asks for a hundred items with one call and settles each by itself', async () => {
    const ids = Array.from({ length: 150 }, newId)
    for (const id of ids) world.source.hold(id, exampleRecord(product, 'detail', { item_id: id }))
    await requestRipples(ids)
    const [calls, single] = [world.source.bulks().length, world.source.reads()]
    const reports = await passPatiently()
    expect(
      world.source
        .bulks()
        .slice(calls)
        .map((bulk) => bulk.length),
    ).toEqual([100, 50])
    expect(world.source.reads()).toBe(single)
    expect(reports.map((report) => report.outcome)).toEqual(ids.map(() => 'applied'))
    expect(await owed()).toEqual([])
  })

  it('makes no tombstone of what the answer lacks: that is owed a read of its own, which decides', async () => {
    const [there, hidden, gone] = [newId(), newId(), newId()]
    const hold = (id: string) => {
      world.source.hold(id, exampleRecord(product, 'detail', { item_id: id }))
    }
    for (const id of [there, hidden, gone]) await receiveProduct(id)
    hold(there)
    await requestRipples([there, hidden, gone])
    await passPatiently()
    expect(await owed()).toMatchObject([
      { zoho_id: hidden, alone: true },
      { zoho_id: gone, alone: true },
    ])
    for (const id of [hidden, gone]) expect((await world.row(product, id))?.['deleted_at']).toBeNull()
    hold(hidden)
    const before = world.source.bulks().length
    await passPatiently()
    expect(world.source.bulks()).toHaveLength(before)
    expect((await world.row(product, hidden))?.['deleted_at']).toBeNull()
    expect((await world.row(product, gone))?.['deleted_at']).not.toBeNull()
  })

  it('owes nothing more for an item that says it has no stock to tell of', async () => {
    const id = newId()
    await requestRipples([id])
    const untracked = { item_id: id, track_inventory: false, stock_on_hand: undefined, locations: undefined }
    world.source.hold(id, exampleRecord(product, 'detail', untracked))
    await passPatiently()
    expect(await world.row(product, id)).toMatchObject({ stock_on_hand: null, deleted_at: null })
    expect(await owed()).toEqual([])
  })

  it('keeps what a record of such an answer does not carry, and owes a completing read where the version is new', async () => {
    const id = newId()
    await receiveProduct(id)
    const before = await world.row(product, id)
    const lean = { item_id: id, brand: undefined, stock_on_hand: '41', description: undefined }
    world.source.hold(id, exampleRecord(product, 'detail', lean))
    await requestRipples([id])
    await passPatiently()
    const after = await world.row(product, id)
    expect(after).toMatchObject({ stock_on_hand: '41', brand: before?.['brand'] })
    expect(JSON.parse(String(after?.['raw']))).toHaveProperty('brand')
    expect(await owed()).toEqual([])
    world.source.hold(id, exampleRecord(product, 'detail', { ...lean, last_modified_time: at(50) }))
    await requestRipples([id])
    await passPatiently()
    expect(await owed()).toMatchObject([{ zoho_id: id, reason: 'completing' }])
  })

  it('takes a record that lacks what it must have for none', async () => {
    const id = newId()
    world.source.hold(id, exampleRecord(product, 'detail', { item_id: id, name: undefined }))
    await requestRipples([id])
    await passPatiently()
    expect(await owed()).toMatchObject([{ zoho_id: id, alone: true }])
    expect(await world.row(product, id)).toBeUndefined()
  })

  it('lets one unusable record spoil nothing for the others', async () => {
    const [good, bad] = [newId(), newId()]
    world.source.hold(good, exampleRecord(product, 'detail', { item_id: good }))
    world.source.hold(bad, exampleRecord(product, 'detail', { item_id: bad, rate: 'None' }))
    await requestRipples([good, bad])
    await passPatiently()
    expect(await world.row(product, good)).toBeDefined()
    expect(await world.deadLetters(bad)).toMatchObject([{ class: 'data' }])
    expect(await owed()).toEqual([])
  })

  it('reads each by itself when the answer as a whole cannot be used', async () => {
    const ids = [newId(), newId()]
    await requestRipples(ids)
    world.source.fail(
      new TdsError('?', { code: 'zoho_unsupported_answer', disposition: 'dead-letter', nextStep: '' }),
    )
    await passPatiently()
    expect(await owed()).toMatchObject(ids.map(() => ({ alone: true, reason: 'ripple' })))
  })

  it('postpones all of them when the call fails, and touches none of them when it is not allowed yet', async () => {
    await requestRipples([newId(), newId()])
    world.source.refuse(
      new TdsError('no', {
        code: 'budget',
        disposition: 'retry',
        nextStep: '',
        facts: { retryAfterMs: 9_000 },
      }),
    )
    const refused = await passPatiently()
    expect(refused).toMatchObject([{ outcome: 'held' }, { outcome: 'held' }])
    expect(refused[0]?.waitMs).toBeGreaterThanOrEqual(9_000)
    for (const row of await owed()) expect(row.due_in).toBeLessThanOrEqual(0)
    world.source.refuse(null)
    world.source.fail(
      new TdsError('down', {
        code: 'zoho_down',
        disposition: 'retry',
        nextStep: '',
        facts: { retryAfterMs: 60_000 },
      }),
    )
    await passPatiently()
    for (const row of await owed()) expect(row.due_in).toBeGreaterThan(55)
  })

  it('leaves to a first load what a list of changes shows once more, and hastens it for anything else', async () => {
    const id = newId()
    await request(id, 'backfill')
    await request(id, 'incremental')
    expect(await owed()).toMatchObject([{ zoho_id: id, reason: 'backfill' }])
    await request(id, 'ripple')
    expect(await owed()).toMatchObject([{ zoho_id: id, reason: 'ripple' }])
    await request(id, 'incremental')
    expect(await owed()).toMatchObject([{ zoho_id: id, reason: 'incremental' }])
  })

  it('owes a trailing read to a wish that comes while the many are under way', async () => {
    const id = newId()
    world.source.hold(id, exampleRecord(product, 'detail', { item_id: id, brand: 'before' }))
    await requestRipples([id])
    world.source.meanwhile(async () => {
      world.source.hold(
        id,
        exampleRecord(product, 'detail', { item_id: id, brand: 'after', last_modified_time: at(40) }),
      )
      await requestRipples([id])
    })
    await passPatiently()
    expect(await owed()).toMatchObject([{ zoho_id: id }])
    await passPatiently()
    expect((await world.row(product, id))?.['brand']).toBe('after')
  })
})

/** One pass over what is owed patiently, as the worker makes it, with all waits over. */
async function passPatiently(): Promise<ReadReport[]> {
  await world.db.query(
    `UPDATE tds_owed_reads SET due_at = tds_now() - interval '1 second' WHERE reason IN ('parent', 'ripple')`,
  )
  const { signal } = new AbortController()
  const reports: ReadReport[] = []
  for (const task of await planPatientReads(world.parts, { except: [] })) {
    if (task.kind === 'bulk') reports.push(...(await performBulkRead(world.parts, task, signal)))
    else reports.push(await performRead(world.parts, task.key, signal))
  }
  return reports
}

async function requestRipples(ids: readonly string[]): Promise<void> {
  await world.db.transaction((tx) =>
    requestReads(
      tx,
      ids.map((id) => wish(id, 'ripple')),
    ),
  )
}

async function request(id: string, reason: ReadReason): Promise<void> {
  await world.db.transaction((tx) => requestReads(tx, [wish(id, reason)]))
}

function wish(id: string, reason: ReadReason): ReadRequest {
  return { ...keyOf(id), reason, eventId: null, delaySeconds: 0 }
}

/** A customer and an item that the mirror has. */
async function knownParents(): Promise<[string, string]> {
  const [customerId, itemId] = [newId(), newId()]
  const body = exampleRecord(customer, 'detail', { contact_id: customerId })
  await world.receive({ entity: customer, zohoId: customerId, body: wrapped(customer, body) })
  await receiveProduct(itemId)
  return [customerId, itemId]
}

async function receiveProduct(id: string): Promise<void> {
  await world.receive({
    entity: product,
    zohoId: id,
    body: wrapped(product, exampleRecord(product, 'detail', { item_id: id })),
  })
  await world.settle()
}

async function receiveInvoice(
  changes: Readonly<Record<string, ExactJson>>,
  o: { readonly id?: string; readonly minute?: number } = {},
): Promise<string> {
  const { id = newId(), minute = 10 } = o
  const body = exampleRecord(invoice, 'detail', {
    invoice_id: id,
    last_modified_time: at(minute),
    ...changes,
  })
  await world.receive({ entity: invoice, zohoId: id, body: wrapped(invoice, body) })
  return id
}

function changeOf(
  entity: EntityDefinition,
  cause: ChangeCause,
  changes: Readonly<Record<string, ExactJson>>,
): RecordChange {
  const zohoId = newId()
  const body = exampleRecord(entity, 'detail', { [entity.source.id]: zohoId, ...changes })
  return {
    entity,
    organizationId: testOrganization,
    zohoId,
    origin: 'detail',
    says: { kind: 'content', record: mapRecord(entity, body, 'detail') },
    cause,
    lookedAt: Date.now() * 1000,
    eventId: null,
    runId: null,
    actor: 'worker',
    reason: null,
    requestId: null,
  }
}

function lineOf(itemId: string): ExactObject {
  return Object.assign(Object.create(null) as ExactObject, { line_item_id: newId(), item_id: itemId })
}

function idOf(entity: EntityDefinition, body: ExactObject): string {
  const id = body[entity.source.id]
  return typeof id === 'string' ? id : ''
}

function itemsIn(rows: readonly OwedRow[]): string[] {
  return rows.filter((row) => row.entity_type === 'product').map((row) => row.zoho_id)
}

function keyOf(zohoId: string): OwedReadKey {
  return { organizationId: testOrganization, entityType: 'product', zohoId }
}

function newId(): string {
  records += 1
  return `4601220000007${String(records).padStart(5, '0')}`
}

function at(minute: number): string {
  return `2026-07-21T18:${String(minute).padStart(2, '0')}:00+0100`
}

async function forgetOwed(): Promise<void> {
  await world.db.query('TRUNCATE tds_owed_reads')
}

async function owed(): Promise<OwedRow[]> {
  const { rows } = await world.db.query<OwedRow>(
    `SELECT entity_type, zoho_id, reason, alone, extract(epoch FROM due_at - tds_now())::float8 AS due_in
       FROM tds_owed_reads ORDER BY entity_type, zoho_id`,
  )
  return rows
}
