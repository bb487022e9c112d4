import { objectOf, objectsOf, textOf } from '../exact/fields.ts'
import { writeJson, type JsonObject } from '../exact/json.ts'
import { testBench } from '../testing/api-client.ts'
import { testNow } from '../testing/test-world.ts'
import { kinds } from '../world/kinds.ts'
import { recordTypes } from '../world/record-type.ts'
import { readTime } from '../zone.ts'

const unauthorized = {
  status: 401,
  text: '{"code":57,"message":"You are not authorized to perform this operation"}',
}

function column(body: JsonObject, listKey: string, key: string): unknown[] {
  return objectsOf(body, listKey).map((row) => row[key])
}

describe('a call', () => {
  it.each([{ Authorization: '' }, { Authorization: 'Bearer x' }, { Authorization: 'Zoho-oauthtoken' }])(
    'with %j answers 401 and code 14',
    async (headers) => {
      await using bench = await testBench()
      const { status, text } = await bench.get('/books/v3/items', {}, headers)
      expect([status, text]).toEqual([401, '{"code":14,"message":"Invalid value passed for authtoken."}'])
    },
  )

  it('with an expired token answers 401 and code 57', async () => {
    await using bench = await testBench()
    bench.simulator.advanceClock(3_599_000)
    expect((await bench.get('/books/v3/items')).status).toBe(200)
    bench.simulator.advanceClock(1000)
    expect(await bench.get('/books/v3/items')).toMatchObject(unauthorized)
  })

  it('without the scope answers 401 and code 57 as well', async () => {
    await using bench = await testBench({ scopes: ['ZohoBooks.invoices.READ', 'ZohoInventory.items.READ'] })
    const statuses = []
    for (const path of [
      '/books/v3/invoices',
      '/books/v3/items',
      '/inventory/v1/items',
      '/inventory/v1/bills',
    ]) {
      statuses.push((await bench.get(path)).status)
    }
    expect(statuses).toEqual([200, 401, 200, 401])
    expect(await bench.get('/books/v3/items')).toMatchObject(unauthorized)
  })

  it.each(['', '1'])('for the organisation %p answers 400 and code 57', async (organization_id) => {
    await using bench = await testBench()
    const answer = await bench.get('/books/v3/items', { organization_id })
    expect(answer).toMatchObject({ status: 400, text: unauthorized.text })
  })

  it('for another organisation may answer code 2 instead', async () => {
    await using bench = await testBench({ wrongOrganizationCode: 2 })
    const { status, text } = await bench.get('/books/v3/items', { organization_id: '1' })
    expect([status, text]).toEqual([400, '{"code":2,"message":"Invalid value passed for organization_id"}'])
  })

  it('loses a scope while it runs', async () => {
    await using bench = await testBench()
    expect((await bench.get('/books/v3/invoices')).status).toBe(200)
    await bench.control('PATCH', '/switches', { scopes: ['ZohoBooks.bills.READ'] })
    expect(await bench.get('/books/v3/invoices')).toMatchObject(unauthorized)
    expect((await bench.get('/books/v3/bills')).status).toBe(200)
  })

  it.each(['POST', 'DELETE'])('by %s answers 405 and code 37', async (method) => {
    await using bench = await testBench()
    const { status } = await fetch(`${bench.url}/books/v3/items`, { method })
    expect(status).toBe(405)
  })

  it.each(['/books/v3/nothing', '/books/v2/items', '/books/v3/items/1/2', '/'])(
    'of %s answers 404 and code 5',
    async (path) => {
      await using bench = await testBench()
      const { status, text } = await bench.get(path)
      expect([status, text]).toEqual([404, '{"code":5,"message":"Invalid URL Passed"}'])
    },
  )

  it('is counted in three headers that tell of the local day', async () => {
    await using bench = await testBench({ dailyCalls: 3 })
    const remaining = []
    for (let call = 0; call < 5; call++) {
      const { headers } = await bench.get('/books/v3/items', { per_page: '1' })
      expect(headers.get('x-rate-limit-limit')).toBe('3')
      remaining.push(headers.get('x-rate-limit-remaining'))
    }
    expect(remaining).toEqual(['2', '1', '0', '0', '0'])
    const { headers } = await bench.get('/books/v3/items')
    // 12:30 in Baghdad.
    expect(headers.get('x-rate-limit-reset')).toBe(String(11.5 * 3600))
  })

  it('starts a new count at local midnight', async () => {
    await using bench = await testBench()
    await bench.get('/books/v3/items')
    bench.simulator.advanceClock(11.5 * 3_600_000)
    const token = textOf((await bench.token()).body, 'access_token')
    const { headers } = await bench.get('/books/v3/items', {}, { Authorization: `Zoho-oauthtoken ${token}` })
    expect(headers.get('x-rate-limit-remaining')).toBe('9999')
  })

  it('of the organisations needs none, and tells nothing of the quota', async () => {
    await using bench = await testBench()
    const { status, body, headers } = await bench.get('/inventory/v1/organizations', { organization_id: '' })
    expect(status).toBe(200)
    expect(column(body, 'organizations', 'organization_id')).toEqual(['738204165'])
    expect(headers.has('x-rate-limit-limit')).toBe(false)
  })
})

describe('a list', () => {
  it.each(recordTypes)('of %s pages through every record once', async (type) => {
    await using bench = await testBench()
    const { path, listKey, idKey, home } = kinds[type]
    const root = home === 'books' ? '/books/v3' : '/inventory/v1'
    const seen: unknown[] = []
    for (let page = 1; ; page++) {
      const { body } = await bench.get(`${root}/${path}`, { page: String(page), per_page: '3' })
      const context = objectOf(body, 'page_context')
      seen.push(...column(body, listKey, idKey))
      if (context['has_more_page'] !== true) break
    }
    const { records } = bench.simulator.truth(type)
    expect(new Set(seen)).toEqual(new Set(records.map(({ id }) => id)))
    expect(seen).toHaveLength(records.length)
  })

  it('gives 200 rows at most and by default', async () => {
    await using bench = await testBench({ size: { items: 205, customers: 1, vendors: 1, invoices: 0 } })
    for (const per_page of [undefined, '1000']) {
      const { body } = await bench.get('/inventory/v1/items', per_page === undefined ? {} : { per_page })
      expect(objectsOf(body, 'items')).toHaveLength(200)
      expect(writeJson(body['page_context'] ?? null)).toBe(
        '{"page":1,"per_page":200,"has_more_page":true,"report_name":"Items","applied_filter":"Status.All",' +
          '"custom_fields":[],"sort_column":"name","sort_order":"A"}',
      )
    }
  })

  it.each([
    ['47', true],
    ['48', false],
  ])('with %s of 48 rows a page says that there is more: %p', async (per_page, more) => {
    await using bench = await testBench()
    const { body } = await bench.get('/inventory/v1/items', { per_page })
    expect(objectOf(body, 'page_context')['has_more_page']).toBe(more)
  })

  it('is empty beyond its end', async () => {
    await using bench = await testBench()
    const { body } = await bench.get('/books/v3/bills', { page: '99' })
    expect(body).toMatchObject({ bills: [], page_context: { has_more_page: false } })
  })

  it('gives fewer rows by default where that switch says so', async () => {
    await using bench = await testBench({ defaultPerPage: 10 })
    const { body } = await bench.get('/books/v3/invoices')
    expect(objectsOf(body, 'invoices')).toHaveLength(10)
    expect(writeJson(objectOf(body, 'page_context')['per_page'] ?? null)).toBe('10')
  })

  it('of stock adjustments has status and times, or the documented keys alone', async () => {
    await using bench = await testBench()
    const path = '/inventory/v1/inventoryadjustments'
    const keys = async () =>
      new Set(objectsOf((await bench.get(path)).body, 'inventory_adjustments').flatMap(Object.keys))
    expect([...(await keys())]).toEqual(
      expect.arrayContaining(['status', 'created_time', 'last_modified_time', 'item_id', 'name']),
    )
    bench.simulator.switchboard.set({ adjustmentRows: 'documented' })
    expect([...(await keys())].sort()).toEqual([
      'adjustment_type',
      'custom_fields',
      'date',
      'description',
      'inventory_adjustment_id',
      'reason',
      'reason_id',
      'reference_number',
      'total',
    ])
  })

  it('echoes the filter that it applied', async () => {
    await using bench = await testBench()
    const { body } = await bench.get('/books/v3/invoices', { filter_by: 'Status.Paid' })
    expect(objectOf(body, 'page_context')['applied_filter']).toBe('Status.Paid')
    expect(new Set(column(body, 'invoices', 'status'))).toEqual(new Set(['paid']))
  })

  it.each([
    ['page', '0'],
    ['page', 'x'],
    ['per_page', '-1'],
    ['filter_by', 'Status.Odd'],
    ['filter_by', 'constructor'],
    ['sort_column', 'colour'],
    ['sort_order', 'up'],
    ['date_start', 'yesterday'],
    // A plus sign that was not encoded arrives as a space.
    ['last_modified_time', '2026-07-21T00:00:00 0300'],
  ])('refuses %s=%s with code 2', async (name, value) => {
    await using bench = await testBench()
    const { status, text } = await bench.get('/books/v3/invoices', { [name]: value })
    expect([status, text]).toEqual([400, `{"code":2,"message":"Invalid value passed for ${name}"}`])
  })

  it('ignores parameters that it does not know', async () => {
    await using bench = await testBench()
    const plain = await bench.get('/books/v3/invoices')
    expect((await bench.get('/books/v3/invoices', { last_modified: 'x', sorting: '1' })).text).toBe(
      plain.text,
    )
  })

  it.each([
    ['/inventory/v1/items', 'items', true],
    ['/books/v3/items', 'items', false],
    ['/books/v3/invoices', 'invoices', true],
    ['/inventory/v1/invoices', 'invoices', false],
    ['/books/v3/bills', 'bills', true],
    ['/books/v3/creditnotes', 'creditnotes', true],
    ['/books/v3/contacts', 'contacts', false],
    ['/inventory/v1/inventoryadjustments', 'inventory_adjustments', false],
    ['/books/v3/pricebooks', 'pricebooks', false],
  ])('of %s under %s filters by last_modified_time: %p', async (path, listKey, honoured) => {
    await using bench = await testBench()
    const all = objectsOf((await bench.get(path)).body, listKey)
    const times = all.map((row) => textOf(row, 'last_modified_time')).sort()
    const median = times[Math.floor(times.length / 2)] ?? ''
    const asked = await bench.get(path, { last_modified_time: median })
    const expected = honoured ? all.filter((row) => textOf(row, 'last_modified_time') >= median) : all
    // Inclusive: the row of exactly that time is among them.
    expect(objectsOf(asked.body, listKey)).toEqual(expected)
    expect(expected.length).toBeGreaterThan(0)
  })

  it('filters by last_modified_time everywhere where that option is set', async () => {
    await using bench = await testBench({ lastModifiedFilter: 'everywhere' })
    const { body } = await bench.get('/books/v3/contacts', { last_modified_time: '2026-09-01T00:00:00+0300' })
    expect(objectsOf(body, 'contacts')).toEqual([])
  })

  it('compares instants, whatever offset is asked with', async () => {
    await using bench = await testBench({ timeZone: 'Europe/Dublin' })
    const { id } = bench.simulator.mutate({ type: 'product', kind: 'update' })
    const ask = async (last_modified_time: string) =>
      column((await bench.get('/inventory/v1/items', { last_modified_time })).body, 'items', 'item_id')
    expect(await ask('2026-09-01T12:30:00+0300')).toEqual([id])
    expect(await ask('2026-09-01T09:30:01Z')).toEqual([])
  })

  it('sorts by default as Zoho does', async () => {
    await using bench = await testBench({ timeZone: 'Europe/Dublin' })
    const items = await bench.get('/inventory/v1/items')
    const names = column(items.body, 'items', 'name').map((name) => String(name).toLowerCase())
    expect(names).toEqual(names.toSorted())
    const invoices = await bench.get('/books/v3/invoices')
    const created = column(invoices.body, 'invoices', 'created_time').map(
      (time) => readTime(String(time)) ?? 0,
    )
    expect(created).toEqual(created.toSorted((a, b) => b - a))
  })

  it('sorts numbers as numbers', async () => {
    await using bench = await testBench()
    const { body } = await bench.get('/inventory/v1/items', { sort_column: 'rate', sort_order: 'D' })
    const rates = objectsOf(body, 'items').map((row) => Number(writeJson(row['rate'] ?? null)))
    expect(rates).toEqual(rates.toSorted((a, b) => b - a))
  })

  it('shows inactive records unless told to hide them, and then shows them when asked', async () => {
    await using open = await testBench()
    await using hiding = await testBench({ hideInactive: true })
    const count = async (bench: typeof open, parameters = {}) =>
      objectsOf((await bench.get('/inventory/v1/items', parameters)).body, 'items').length
    expect(await count(open)).toBe(48)
    expect(await count(hiding)).toBe(30)
    expect(await count(hiding, { filter_by: 'Status.All' })).toBe(48)
    expect(await count(open, { filter_by: 'Status.Inactive' })).toBe(18)
  })

  it('tells vendors from customers', async () => {
    await using bench = await testBench()
    const { body } = await bench.get('/books/v3/contacts', { contact_type: 'vendor' })
    expect(objectsOf(body, 'contacts')).toHaveLength(6)
    expect((await bench.get('/books/v3/contacts', { contact_type: 'friend' })).status).toBe(400)
  })

  it('follows the document’s own date where asked by date', async () => {
    await using bench = await testBench()
    const range = { date_start: '2024-06-01', date_end: '2024-12-31' }
    const dates = column((await bench.get('/books/v3/invoices', range)).body, 'invoices', 'date').map(String)
    expect(dates.length).toBeGreaterThan(0)
    expect(dates.filter((date) => date < range.date_start || date > range.date_end)).toEqual([])
  })
})

describe('a detail', () => {
  it.each(recordTypes)('of %s carries every number in the digits that the world holds', async (type) => {
    await using bench = await testBench()
    const { path, wrapper, home } = kinds[type]
    for (const { id, detail } of bench.simulator.truth(type).records.slice(0, 10)) {
      const { text } = await bench.get(`/${home === 'books' ? 'books/v3' : 'inventory/v1'}/${path}/${id}`)
      expect(text).toBe(`{"code":0,"message":"success","${wrapper}":${writeJson(detail)}}`)
    }
  })

  it('shows 1.10 as 1.10', async () => {
    await using bench = await testBench()
    const [record] = bench.simulator.truth('product').records
    await bench.control(
      'POST',
      '/mutations',
      `{"type":"product","kind":"update","id":"${record?.id ?? ''}","set":{"rate":1.10}}`,
    )
    const { text, headers } = await bench.get(`/inventory/v1/items/${record?.id ?? ''}`)
    expect(text).toContain('"rate":1.10,')
    expect(headers.get('content-type')).toBe('application/json;charset=UTF-8')
  })

  it.each(recordTypes)('of a deleted %s answers 404 and code 1002, as one that never was', async (type) => {
    await using bench = await testBench()
    const { path, noun, listKey, idKey } = kinds[type]
    const { id } = bench.simulator.mutate({ type, kind: 'delete' })
    const expected = [404, `{"code":1002,"message":"${noun} does not exist."}`]
    for (const asked of [id, '460320000099999999']) {
      const { status, text } = await bench.get(`/books/v3/${path}/${asked}`)
      expect([status, text]).toEqual(expected)
    }
    expect(column((await bench.get(`/books/v3/${path}`)).body, listKey, idKey)).not.toContain(id)
  })

  it('can say not there with code 5', async () => {
    await using bench = await testBench({ notThereCode: 5 })
    const { status, text } = await bench.get('/books/v3/invoices/1')
    expect([status, text]).toEqual([
      404,
      '{"code":5,"message":"We couldnt find any resource for the given ID."}',
    ])
  })

  it('is there again after a restoration, newer than before', async () => {
    await using bench = await testBench()
    const { id, version } = bench.simulator.mutate({ type: 'invoice', kind: 'delete' })
    bench.simulator.mutate({ type: 'invoice', kind: 'restore', id })
    const { body } = await bench.get(`/books/v3/invoices/${id}`)
    expect(textOf(objectOf(body, 'invoice'), 'last_modified_time') > version).toBe(true)
  })

  it('of an item lacks locations and codes in Books', async () => {
    await using bench = await testBench()
    const [record] = bench.simulator.truth('product').records
    const { body } = await bench.get(`/books/v3/items/${record?.id ?? ''}`)
    const keys = Object.keys(objectOf(body, 'item'))
    for (const key of ['locations', 'ean', 'package_details']) expect(keys).not.toContain(key)
  })
})

describe('an older organisation', () => {
  it('says warehouse where a newer one says location, in answers and in webhooks', async () => {
    await using bench = await testBench({ locationNames: 'warehouse' })
    const mutation = bench.simulator.mutate({ type: 'stock_adjustment', kind: 'update' })
    const { text } = await bench.get(`/inventory/v1/inventoryadjustments/${mutation.id}`)
    const body = bench.simulator.deliveryOf(mutation, { shape: 'detail' }).body.toString()
    for (const told of [text, body]) {
      expect(told).toContain('"warehouse_id":')
      expect(told).not.toMatch(/"locations?(?:_\w+)?":/)
    }
    const item = bench.simulator.truth('product').records.find(({ detail }) => 'locations' in detail)
    const shown = (await bench.get(`/inventory/v1/items/${item?.id ?? ''}`)).text
    expect(shown).toContain('"warehouses":[')
    expect(shown).not.toContain('"locations"')
  })
})

describe('summer time', () => {
  it('changes the offset of new versions at the hour at which it ends, and filters by instants all the same', async () => {
    await using bench = await testBench({ timeZone: 'Europe/Dublin', tokenLifeSeconds: 10_000_000 })
    await bench.control('POST', '/clock', { until: 'offset-change' })
    expect(bench.simulator.state().now).toBe('2026-10-25T01:00:00+0000')
    await bench.control('POST', '/clock', { advanceSeconds: 0.5 })
    const after = bench.simulator.mutate({ type: 'product', kind: 'update', change: 'touch' })
    expect(after.version).toBe('2026-10-25T01:00:00+0000')
    const since = async (last_modified_time: string) =>
      column((await bench.get('/inventory/v1/items', { last_modified_time })).body, 'items', 'item_id')
    // By its text 01:30+0100 is later; as an instant it is half an hour earlier.
    expect(await since('2026-10-25T01:30:00+0100')).toEqual([after.id])
    expect(await since('2026-10-25T02:00:01+0100')).toEqual([])
  })
})

describe('itemdetails', () => {
  it('answers the details of the ids asked for, and leaves out what is not there', async () => {
    await using bench = await testBench()
    const ids = bench.simulator
      .truth('product')
      .records.slice(0, 3)
      .map(({ id }) => id)
    const { body } = await bench.get('/inventory/v1/itemdetails', { item_ids: [...ids, '1'].join(',') })
    expect(column(body, 'items', 'item_id')).toEqual(ids)
    expect(objectOf(body, 'page_context')).toMatchObject({ has_more_page: false })
    expect((await bench.get('/inventory/v1/itemdetails')).status).toBe(400)
  })
})

it('keeps the bench’s clock after every time in a new world', async () => {
  await using bench = await testBench()
  const versions = recordTypes.flatMap((type) =>
    bench.simulator.truth(type).records.map(({ version }) => readTime(version) ?? NaN),
  )
  expect(Math.max(...versions)).toBeLessThan(testNow)
})
