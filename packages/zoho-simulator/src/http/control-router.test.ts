import { objectOf, objectsOf, textOf } from '../exact/fields.ts'
import { readJson, writeJson } from '../exact/json.ts'
import { switches } from '../switches/switches.ts'
import { testBench } from '../testing/api-client.ts'
import { startCatcher } from '../testing/catcher.ts'
import { testNow } from '../testing/test-world.ts'

async function setup() {
  const bench = await testBench()
  const catcher = await startCatcher(() => ({ status: 202, body: '{"eventId":"1","status":"accepted"}' }))
  const dispose = async () => {
    await bench.simulator.stop()
    await catcher.close()
  }
  return { ...bench, catcher, [Symbol.asyncDispose]: dispose }
}

describe('the control over HTTP', () => {
  it('tells where the simulator stands', async () => {
    await using bench = await setup()
    await bench.get('/books/v3/items')
    const { body } = await bench.control('GET', '/state')
    expect(writeJson(body)).toBe(writeJson(readJson(JSON.stringify(bench.simulator.state()))))
    expect(writeJson(body['callsToday'] ?? null)).toBe('1')
    expect(objectOf(objectOf(body, 'records'), 'product')).toHaveProperty('living')
  })

  it('tells a client how to be set up', async () => {
    await using bench = await setup()
    const { body } = await bench.control('GET', '/access')
    expect(body).toEqual(bench.simulator.access)
  })

  it('changes a record and shows it', async () => {
    await using bench = await setup()
    const { status, body } = await bench.control('POST', '/mutations', {
      type: 'product',
      kind: 'update',
      change: 'price',
    })
    expect(status).toBe(200)
    const shown = await bench.control('GET', `/records/product/${textOf(body, 'id')}`)
    expect(shown.body).toEqual({ id: body['id'], version: body['version'], detail: body['detail'] })
    expect((await bench.control('GET', '/records/product/1')).status).toBe(404)
  })

  it('changes records at random', async () => {
    await using bench = await setup()
    const asked = { count: 25, types: ['product', 'invoice'], kinds: { update: 1 }, seed: 'x' }
    const { body } = await bench.control('POST', '/mutations/random', asked)
    expect(objectsOf(body, 'mutations')).toHaveLength(25)
  })

  it('tells the truth of a type, deleted ids included, as one document or line by line', async () => {
    await using bench = await setup()
    const { id } = bench.simulator.mutate({ type: 'product', kind: 'delete' })
    const { records } = bench.simulator.truth('product')
    const { body } = await bench.control('GET', '/truth/product')
    expect(writeJson(body['records'] ?? null)).toBe(writeJson(records.map((record) => ({ ...record }))))
    expect(body['deleted']).toEqual([id])
    const { text, headers } = await bench.control('GET', '/truth/product?format=ndjson')
    const lines = text.trimEnd().split('\n')
    expect(headers.get('content-type')).toContain('ndjson')
    expect(lines).toHaveLength(records.length + 1)
    expect(lines[0]).toBe(writeJson({ ...records[0] }))
    expect(lines.at(-1)).toBe(`{"id":"${id}","deleted":true}`)
  })

  it('plans a stream, and sends it later in another order', async () => {
    await using bench = await setup()
    const planned = await bench.control('POST', '/plans', {
      count: 5,
      types: ['product'],
      kinds: { update: 1 },
    })
    const deliveries = objectsOf(planned.body, 'deliveries')
    expect(bench.catcher.caught).toEqual([])
    const sent = await bench.control('POST', '/deliveries', {
      target: bench.catcher.url,
      plan: planned.body['plan'],
      sequences: [3, 1, 1],
    })
    expect(sent.text).toBe('{"deliveries":3,"unanswered":0,"byStatus":{"202":3},"byAnswer":{"accepted":3}}')
    const bytes = (index: number) => Buffer.from(textOf(deliveries[index] ?? {}, 'body'), 'base64').toString()
    expect(bench.catcher.caught.map(({ body }) => body)).toEqual([bytes(2), bytes(0), bytes(0)])
    expect(bench.catcher.caught[0]?.url).toBe(deliveries[2]?.['path'])
  })

  it('makes a change and sends its webhook in the form asked for', async () => {
    await using bench = await setup()
    await bench.control('POST', '/deliveries', {
      target: bench.catcher.url,
      mutation: { type: 'invoice', kind: 'delete' },
      shape: 'thin',
      encoding: 'form',
      actionInPath: false,
      signed: false,
    })
    const [caught] = bench.catcher.caught
    expect(caught?.url).toBe('/webhooks/invoices?organization_id=738204165')
    expect(caught?.headers).not.toHaveProperty('x-zoho-webhook-signature')
    expect(new URLSearchParams(caught?.body).get('JSONString')).toContain('"event":"deleted"')
  })

  it('keeps what came of every delivery until it is cleared', async () => {
    await using bench = await setup()
    const scenario = { count: 12, types: ['product'], duplicates: 0.3 }
    await bench.control('POST', '/deliveries', { target: bench.catcher.url, scenario, concurrency: 4 })
    const { body } = await bench.control('GET', '/deliveries?status=202')
    expect(objectsOf(body, 'results')).toHaveLength(12)
    expect(writeJson(objectOf(body, 'summary')['byStatus'] ?? null)).toBe('{"202":12}')
    const { body: none } = await bench.control('GET', '/deliveries?status=500')
    expect(none['results']).toEqual([])
    await bench.control('DELETE', '/deliveries')
    expect(bench.simulator.deliveries.results()).toEqual([])
  })

  it('answers at once when not asked to wait', async () => {
    await using bench = await setup()
    const scenario = { count: 3, types: ['product'] }
    const { status } = await bench.control('POST', '/deliveries', {
      target: bench.catcher.url,
      scenario,
      wait: false,
    })
    expect(status).toBe(202)
  })

  it('moves the clock and ends tokens', async () => {
    await using bench = await setup()
    const { body } = await bench.control('POST', '/clock', { advanceSeconds: 90 })
    expect(body['now']).toBe('2026-09-01T12:31:30+0300')
    expect((await bench.get('/books/v3/bills')).status).toBe(200)
    await bench.control('DELETE', '/tokens')
    expect((await bench.get('/books/v3/bills')).status).toBe(401)
  })

  it('lets the clock run faster, or stand still', async () => {
    let machine = testNow
    await using bench = await testBench({ clock: () => machine })
    await bench.control('POST', '/clock', { rate: 60 })
    machine += 1000
    expect(bench.simulator.state().now).toBe('2026-09-01T12:31:00+0300')
    await bench.control('POST', '/clock', { to: '2026-09-01T10:00:00Z', rate: 0 })
    machine += 1000
    expect(bench.simulator.state().now).toBe('2026-09-01T13:00:00+0300')
  })

  it('shows, sets and resets switches', async () => {
    await using bench = await setup()
    const shown = await bench.control('GET', '/switches')
    expect(Object.keys(shown.body).sort()).toEqual(Object.keys(switches).sort())
    const set = await bench.control('PATCH', '/switches', { hideInactive: true, tokenThrottleStatus: 200 })
    expect(set.body['hideInactive']).toBe(true)
    expect(bench.simulator.switchboard.values).toMatchObject({ hideInactive: true, tokenThrottleStatus: 200 })
    const { text } = await bench.control('DELETE', '/switches')
    expect(text).toBe(shown.text)
  })

  it('sets all of the switches named, or none', async () => {
    await using bench = await setup()
    await bench.control('PATCH', '/switches', { hideInactive: true, callsPerMinute: -1 })
    expect(bench.simulator.switchboard.values.hideInactive).toBe(false)
  })

  it('tells at its root what there is', async () => {
    await using bench = await setup()
    const { text } = await bench.control('GET', '')
    for (const name of ['POST /_control/faults', 'callsPerMinute', 'html-page']) expect(text).toContain(name)
  })

  it.each([
    ['PATCH', '/switches', { colour: 1 }, 'There is no switch colour; there is tokenLifeSeconds'],
    [
      'PATCH',
      '/switches',
      { callsPerMinute: 0 },
      'callsPerMinute must be a whole number, 1 or more, or null',
    ],
    ['PATCH', '/switches', { hideInactive: 1 }, 'hideInactive must be true or false'],
    ['PATCH', '/switches', { notThereCode: 7 }, 'notThereCode must be one of 1002, 5'],
    ['PATCH', '/switches', { pageShifts: 1.5 }, 'pageShifts must be a share from 0 to 1'],
    ['PATCH', '/switches', { scopes: 'all' }, 'scopes must be a list of texts'],
    ['PATCH', '/switches', { apiDomain: 1 }, 'apiDomain must be text, or null'],
    ['PATCH', '/switches', { latencyMs: 1.5 }, 'latencyMs must be a whole number, 0 or more'],
    ['PATCH', '/switches', [], 'Send a JSON object of switches'],
    ['POST', '/clock', {}, 'Name one of advanceSeconds, to, until, rate'],
    ['POST', '/clock', { advanceSeconds: 1, until: 'midnight' }, 'Name at most one of'],
    ['POST', '/clock', { to: 'tomorrow' }, 'to must be a time such as'],
    ['POST', '/clock', { to: '2020-01-01T00:00:00Z' }, 'The clock only goes forward'],
    ['POST', '/clock', { until: 'offset-change' }, 'The offset of Asia/Baghdad does not change'],
    ['POST', '/clock', { rate: -1 }, 'rate must be a number from 0'],
    ['PUT', '/down', { fault: 'flood' }, 'fault must be one of'],
    ['POST', '/mutations', '{', 'The body is not JSON'],
    ['POST', '/mutations', [], 'Send a JSON object'],
    ['POST', '/mutations', {}, 'type is missing'],
    [
      'POST',
      '/mutations',
      { type: 'product', kind: 'explode' },
      'kind must be one of create, update, delete, restore',
    ],
    ['POST', '/mutations', { type: 'product', kind: 'update', knd: 1 }, 'There is no field knd here'],
    ['POST', '/mutations', { type: 'product', kind: 'update', id: '1' }, 'There is no product 1'],
    ['POST', '/mutations/random', { count: 1.5, types: ['product'] }, 'count must be a whole number'],
    [
      'POST',
      '/mutations/random',
      { count: 1, types: ['order'] },
      'types must be a list, each one of product',
    ],
    ['POST', '/mutations/random', { count: 1, types: [] }, 'types must name at least one type'],
    ['POST', '/plans', { count: 1, types: ['product'], duplicates: 2 }, 'duplicates must be a share'],
    [
      'POST',
      '/plans',
      { count: 1, types: ['product'], shapes: { round: 1 } },
      'shapes must be an object of numbers',
    ],
    ['POST', '/deliveries', { target: 'http://127.0.0.1:9' }, 'Name exactly one of scenario, mutation, plan'],
    ['POST', '/deliveries', { target: 'http://127.0.0.1:9', plan: 'plan-9' }, 'There is no plan plan-9'],
    [
      'POST',
      '/deliveries',
      { target: 'ftp://x', mutation: { type: 'product', kind: 'update' } },
      'target must be',
    ],
    ['POST', '/clock', { advanceSeconds: -1 }, 'The clock only goes forward'],
    ['GET', '/truth/order', undefined, 'There is no type order; there is product'],
  ])('refuses %s %s %j with 400 and the reason', async (method, path, body, message) => {
    await using bench = await setup()
    const answer = await bench.control(method, path, body)
    expect(answer.status).toBe(400)
    expect(answer.body['error']).toContain(message)
  })
})
