import { compareDecimals, subtract, sum, zero } from '../exact/decimal.ts'
import { decimalOf, objectsOf, textOf } from '../exact/fields.ts'
import { writeJson, type JsonObject } from '../exact/json.ts'
import type { Simulator } from '../simulator.ts'
import { testBench } from '../testing/api-client.ts'
import type { RecordType } from '../world/record-type.ts'

function detailOf(simulator: Simulator, type: RecordType, id: string): JsonObject {
  const record = simulator.record(type, id)
  if (record === null) throw new Error(`There is no ${type} ${id}`)
  return record.detail
}

function findInvoice(simulator: Simulator, ...statuses: string[]): JsonObject {
  const found = simulator
    .truth('invoice')
    .records.find(({ detail }) => statuses.includes(textOf(detail, 'status')))
  if (found === undefined) throw new Error(`No invoice is ${statuses.join(' or ')}`)
  return found.detail
}

describe('without switches', () => {
  it('a document moves neither balances nor stock, and no calendar makes it overdue', async () => {
    await using bench = await testBench()
    const { simulator } = bench
    const others = () =>
      writeJson(simulator.truth('customer').records.map(({ detail }) => detail)) +
      writeJson(simulator.truth('product').records.map(({ detail }) => detail))
    const before = others()
    const invoice = findInvoice(simulator, 'sent')
    const id = textOf(invoice, 'invoice_id')
    simulator.mutate({ type: 'invoice', kind: 'update', id, change: 'change-line' })
    simulator.advanceClock(40 * 86_400_000)
    expect(others()).toBe(before)
    expect(detailOf(simulator, 'invoice', id)['status']).toBe('sent')
    expect(simulator.silentChanges.all()).toEqual([])
  })
})

describe('balancesFollowDocuments', () => {
  it('moves what a contact owes by what its invoice leaves open, under the same version', async () => {
    await using bench = await testBench({ balancesFollowDocuments: true })
    const { simulator } = bench
    const invoice = findInvoice(simulator, 'sent', 'viewed', 'unpaid')
    const customer = textOf(invoice, 'customer_id')
    const before = simulator.record('customer', customer)
    const owed = () => decimalOf(detailOf(simulator, 'customer', customer), 'outstanding_receivable_amount')
    const owedBefore = owed()
    simulator.mutate({
      type: 'invoice',
      kind: 'update',
      id: textOf(invoice, 'invoice_id'),
      change: 'void',
    })
    expect(compareDecimals(subtract(owedBefore, owed()), decimalOf(invoice, 'balance'))).toBe(0)
    expect(simulator.record('customer', customer)?.version).toBe(before?.version)
    expect(simulator.silentChanges.all()).toMatchObject([
      { cause: 'invoice', type: 'customer', id: customer },
    ])
  })

  it('gives credits with a credit note, and takes them when it is deleted', async () => {
    await using bench = await testBench({ balancesFollowDocuments: true })
    const { simulator } = bench
    const note = simulator.truth('credit_note').records.find(({ detail }) => detail['status'] === 'open')
    const customer = textOf(note?.detail ?? {}, 'customer_id')
    const credits = () =>
      decimalOf(detailOf(simulator, 'customer', customer), 'unused_credits_receivable_amount')
    const before = credits()
    simulator.mutate({ type: 'credit_note', kind: 'delete', id: note?.id })
    expect(compareDecimals(subtract(before, credits()), decimalOf(note?.detail ?? {}, 'balance'))).toBe(0)
  })
})

describe('stockFollowsDocuments', () => {
  it.each([
    ['stock_adjustment', 1, 'quantity_adjusted'],
    ['invoice', -1, 'quantity'],
    ['bill', 1, 'quantity'],
    ['credit_note', 1, 'quantity'],
  ] as const)('a deleted %s gives back what it moved', async (type, sign, quantityKey) => {
    await using bench = await testBench({ stockFollowsDocuments: true })
    const { simulator } = bench
    const tracked = new Set(
      simulator
        .truth('product')
        .records.filter(({ detail }) => objectsOf(detail, 'locations').length > 0)
        .map(({ id }) => id),
    )
    const moving = simulator.truth(type).records.find(({ detail }) => {
      const moves = !['draft', 'void'].includes(textOf(detail, 'status'))
      return moves && objectsOf(detail, 'line_items').some((line) => tracked.has(textOf(line, 'item_id')))
    })
    const lines = objectsOf(moving?.detail ?? {}, 'line_items')
    const item = lines.map((line) => textOf(line, 'item_id')).find((id) => tracked.has(id)) ?? ''
    const moved = sum(
      lines.filter((line) => line['item_id'] === item).map((line) => decimalOf(line, quantityKey)),
    )
    const before = simulator.record('product', item)
    simulator.mutate({ type, kind: 'delete', id: moving?.id })
    const after = simulator.record('product', item)
    const change = subtract(
      decimalOf(after?.detail ?? {}, 'stock_on_hand'),
      decimalOf(before?.detail ?? {}, 'stock_on_hand'),
    )
    const expected = sign === 1 ? subtract(zero, moved) : moved
    expect(writeJson(change)).toBe(writeJson(expected))
    expect(after?.version).toBe(before?.version)
  })
})

describe('overdueByCalendar', () => {
  it('turns an open invoice overdue on the day after its due date, silently, and back when it is due later', async () => {
    await using bench = await testBench({ overdueByCalendar: true })
    const { simulator } = bench
    const { id } = simulator.mutate({
      type: 'invoice',
      kind: 'create',
      set: { status: 'sent', due_date: '2026-09-01' },
    })
    const status = async () => {
      const { body } = await bench.get('/books/v3/invoices', { filter_by: 'Status.Overdue' })
      return objectsOf(body, 'invoices').some((row) => row['invoice_id'] === id) ? 'overdue' : 'not overdue'
    }
    const version = simulator.record('invoice', id)?.version
    expect(await status()).toBe('not overdue')
    simulator.moveClock({ until: 'midnight' })
    const { body } = await bench.token()
    expect(body).toHaveProperty('access_token')
    expect(detailOf(simulator, 'invoice', id)['status']).toBe('overdue')
    expect(simulator.record('invoice', id)?.version).toBe(version)
    simulator.mutate({ type: 'invoice', kind: 'update', id, set: { due_date: '2026-12-01' } })
    expect(detailOf(simulator, 'invoice', id)['status']).toBe('sent')
  })

  it('leaves drafts, voids and what is paid as they are', async () => {
    await using bench = await testBench({ overdueByCalendar: true })
    const statuses = new Set(
      [...bench.simulator.truth('invoice').records, ...bench.simulator.truth('bill').records].map(
        ({ detail }) => detail['status'],
      ),
    )
    expect([...statuses].sort()).toEqual(['draft', 'overdue', 'paid', 'void'])
  })
})

describe('drift', () => {
  it('moves so much under unchanged versions, the same for the same seed', async () => {
    const drifted = async (seed: string) => {
      await using bench = await testBench()
      const { body } = await bench.control('POST', '/drifts', { count: 6, seed })
      return { body: writeJson(body), changes: bench.simulator.silentChanges.all() }
    }
    const first = await drifted('a')
    expect(await drifted('a')).toEqual(first)
    expect(await drifted('b')).not.toEqual(first)
    expect(first.changes).toHaveLength(6)
    expect(first.changes.flatMap(({ fields }) => fields)).not.toContain('last_modified_time')
  })

  it.each([
    ['balance', 'customer', 'outstanding_receivable_amount'],
    ['credits', 'customer', 'unused_credits_receivable_amount'],
    ['stock', 'product', 'stock_on_hand'],
  ] as const)('of %s shows in the detail of a %s', async (what, type, field) => {
    await using bench = await testBench()
    const [drifted] = bench.simulator.drift({ count: 1, what: [what] })
    expect(drifted?.type).toBe(type)
    const [change] = bench.simulator.silentChanges.all()
    expect(change?.fields).toContain(field)
    expect(change?.id).toBe(drifted?.id)
  })

  it.each([
    [{ count: 1, what: ['weather'] }, 'what must be a list, each one of balance, credits, stock'],
    [{ count: 1, what: [] }, 'what must name at least one thing'],
    [{ what: ['stock'] }, 'count is missing'],
  ])('refuses %j', async (body, message) => {
    await using bench = await testBench()
    const answer = await bench.control('POST', '/drifts', body)
    expect([answer.status, answer.body['error']]).toEqual([400, expect.stringContaining(message)])
  })
})

describe('a merge of contacts', () => {
  it('retires one id, moves its documents and its balance, and raises no version', async () => {
    await using bench = await testBench()
    const { simulator } = bench
    const invoice = findInvoice(simulator, 'sent', 'viewed', 'unpaid')
    const from = textOf(invoice, 'customer_id')
    const into = simulator
      .truth('customer')
      .records.find(({ id, detail }) => id !== from && detail['contact_type'] === 'customer')
    const owed = (id: string) =>
      decimalOf(detailOf(simulator, 'customer', id), 'outstanding_receivable_amount')
    const together = sum([owed(from), owed(into?.id ?? '')])
    const version = simulator.record('invoice', textOf(invoice, 'invoice_id'))?.version
    const { body } = await bench.control('POST', '/merges', { from, into: into?.id })
    expect(objectsOf(body, 'moved').map(({ id }) => id)).toContain(invoice['invoice_id'])
    expect(await bench.get(`/books/v3/contacts/${from}`)).toMatchObject({
      status: 404,
      text: '{"code":1002,"message":"Contact does not exist."}',
    })
    const moved = simulator.record('invoice', textOf(invoice, 'invoice_id'))
    expect(moved?.detail).toMatchObject({
      customer_id: into?.id,
      customer_name: into?.detail['contact_name'],
    })
    expect(moved?.version).toBe(version)
    expect(writeJson(owed(into?.id ?? ''))).toBe(writeJson(together))
  })

  it.each([
    [{ from: '1', into: '2' }, 'There is no customer 1'],
    [{ from: '1' }, 'into is missing'],
  ])('refuses %j', async (body, message) => {
    await using bench = await testBench()
    const answer = await bench.control('POST', '/merges', body)
    expect([answer.status, answer.body['error']]).toEqual([400, expect.stringContaining(message)])
  })
})

describe('pageShifts', () => {
  const readAll = async (pageShifts: number) => {
    await using bench = await testBench({ pageShifts })
    const seen: unknown[] = []
    for (let page = 1; page <= 10; page++) {
      const { body } = await bench.get('/inventory/v1/items', { page: String(page), per_page: '5' })
      seen.push(...objectsOf(body, 'items').map((row) => row['item_id']))
    }
    const living = bench.simulator.truth('product').records.map(({ id }) => id)
    return { seen, living, causes: bench.simulator.silentChanges.all().map(({ cause }) => cause) }
  }

  it('makes a reader of many pages miss rows or see them twice, the same way for the same seed', async () => {
    const first = await readAll(1)
    const missed = first.living.filter((id) => !first.seen.includes(id))
    const repeated = first.seen.length - new Set(first.seen).size
    expect(missed.length + repeated).toBeGreaterThan(0)
    expect(new Set(first.causes)).toEqual(
      new Set(['page-shift create', 'page-shift delete', 'page-shift update']),
    )
    expect(await readAll(1)).toEqual(first)
  })

  it('is off unless asked for', async () => {
    const { seen, living, causes } = await readAll(0)
    expect(new Set(seen)).toEqual(new Set(living))
    expect(causes).toEqual([])
  })
})

describe('a detail that lags behind', () => {
  const setup = async (options: { detailLagMs?: number; detailLagReads?: number }) => {
    const bench = await testBench(options)
    const item = bench.simulator.truth('product').records[0]?.id ?? ''
    const name = async (id = item) => {
      const { status, body } = await bench.get(`/inventory/v1/items/${id}`)
      return status === 200 ? textOf(body['item'] as JsonObject, 'name') : status
    }
    const rename = (to: string) =>
      bench.simulator.mutate({ type: 'product', kind: 'update', id: item, set: { name: to } })
    return Object.assign(bench, { item, name, rename })
  }

  it('shows the state before a change for so long', async () => {
    await using bench = await setup({ detailLagMs: 500 })
    const old = await bench.name()
    bench.rename('New')
    expect(await bench.name()).toBe(old)
    bench.simulator.advanceClock(499)
    expect(await bench.name()).toBe(old)
    bench.simulator.advanceClock(1)
    expect(await bench.name()).toBe('New')
  })

  it('shows it for so many reads, in itemdetails as well', async () => {
    await using bench = await setup({ detailLagReads: 2 })
    const old = await bench.name()
    bench.rename('New')
    expect(await bench.name()).toBe(old)
    const { body } = await bench.get('/inventory/v1/itemdetails', { item_ids: bench.item })
    expect(objectsOf(body, 'items')[0]?.['name']).toBe(old)
    expect(await bench.name()).toBe('New')
  })

  it('begins once more when the webhook goes out', async () => {
    await using bench = await setup({ detailLagReads: 1 })
    const old = await bench.name()
    const mutation = bench.rename('New')
    expect(await bench.name()).toBe(old)
    await bench.simulator.send([bench.simulator.deliveryOf(mutation)], {
      target: 'http://127.0.0.1:9',
    })
    expect(await bench.name()).toBe(old)
    expect(await bench.name()).toBe('New')
  })

  it('does not show what was just created, and still shows what was just deleted', async () => {
    await using bench = await setup({ detailLagReads: 1 })
    const { id } = bench.simulator.mutate({ type: 'product', kind: 'create' })
    expect(await bench.name(id)).toBe(404)
    const name = await bench.name(id)
    bench.simulator.mutate({ type: 'product', kind: 'delete', id })
    expect(await bench.name(id)).toBe(name)
    expect(await bench.name(id)).toBe(404)
  })

  it('lags behind neither in lists nor in the truth', async () => {
    await using bench = await setup({ detailLagMs: 500 })
    bench.rename('Aardvark')
    const { body } = await bench.get('/inventory/v1/items')
    expect(objectsOf(body, 'items')[0]?.['name']).toBe('Aardvark')
    expect(bench.simulator.record('product', bench.item)?.detail['name']).toBe('Aardvark')
  })
})
