import type { BodyShape, Encoding, Mutation, MutationRequest } from '@tds/zoho-simulator'

import {
  deliver,
  type EndToEnd,
  type HandMadeDelivery,
  type HookAnswer,
  startEndToEnd,
} from '../testing/index.ts'

describe('a webhook', () => {
  let world: EndToEnd

  beforeAll(async () => {
    world = await startEndToEnd({ workers: 2, withAlerter: true })
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it.each<[BodyShape, Encoding]>([
    ['detail', 'json'],
    ['usual', 'json'],
    ['usual', 'form'],
    ['sparse', 'json'],
    ['lean', 'form'],
    ['thin', 'json'],
    ['placeholders', 'form'],
  ])('with a %s body as %s becomes a row with all that belongs to it', async (shape, encoding) => {
    for (const type of ['product', 'invoice'] as const) {
      const { mutation, answer } = await change({ type, kind: 'update' }, { shape, encoding })
      expect(answer).toMatchObject({ status: 202, body: { status: 'accepted' } })
      await world.converge()
      expect(await world.differences(new Set([mutation.id]))).toEqual([])
    }
  })

  it('leaves an audit entry that says which delivery changed what', async () => {
    const first = await change(
      { type: 'product', kind: 'create', set: { name: 'Before' } },
      { shape: 'detail' },
    )
    await world.converge()
    const { id } = first.mutation
    const second = await change(
      { type: 'product', kind: 'update', id, set: { name: 'After' } },
      { shape: 'detail' },
    )
    await world.converge()
    const { rows } = await world.database.db.query(
      `SELECT operation, cause, event_id, changed_fields, before->>'name' AS before, after->>'name' AS after
         FROM tds_audit_trail WHERE entity_id = $1 ORDER BY position`,
      [id],
    )
    expect(rows).toEqual([
      expect.objectContaining({
        operation: 'created',
        cause: 'webhook',
        event_id: first.answer.body['eventId'],
        before: null,
        after: 'Before',
      }),
      expect.objectContaining({
        operation: 'updated',
        cause: 'webhook',
        event_id: second.answer.body['eventId'],
        before: 'Before',
        after: 'After',
      }),
    ])
    expect((rows[1] as { changed_fields: string[] }).changed_fields).toContain('name')
  })

  it('sent again is answered as a duplicate of the first and changes nothing', async () => {
    const mutation = world.simulator.mutate({ type: 'invoice', kind: 'update' })
    const delivery = world.simulator.deliveryOf(mutation, { shape: 'detail' })
    const results = await send([delivery, delivery, delivery])
    expect(results.map(({ status }) => status)).toEqual([202, 200, 200])
    expect(new Set(results.map(({ body }) => body['eventId'])).size).toBe(1)
    await world.converge()
    // What came while the row was locked is tallied beside it until a poller folds it in.
    const { rows } = await world.database.db.query(
      `SELECT (SELECT duplicate_count FROM tds_inbox_events WHERE id = $1)
              + (SELECT coalesce(sum(times), 0) FROM tds_duplicate_tallies WHERE event_id = $1) AS duplicates,
              (SELECT count(*) FROM tds_audit_trail WHERE event_id = $1) AS changes`,
      [results[0]?.body['eventId']],
    )
    expect(rows).toEqual([{ duplicates: '2', changes: '1' }])
  })

  it('that is older than the row is recorded and not applied', async () => {
    const { id } = world.simulator.mutate({ type: 'product', kind: 'create', set: { name: 'One' } })
    const older = world.simulator.mutate({ type: 'product', kind: 'update', id, set: { name: 'Two' } })
    const newer = world.simulator.mutate({ type: 'product', kind: 'update', id, set: { name: 'Three' } })
    await tell(newer, { shape: 'detail' })
    await world.converge()
    const late = await tell(older, { shape: 'detail' })
    await world.converge()
    expect(await statusOf(late)).toBe('stale')
    expect(await world.differences(new Set([id]))).toEqual([])
  })

  it('about a deletion leaves a tombstone once Zoho has confirmed it, and a restoration lifts it', async () => {
    const { mutation } = await change({ type: 'product', kind: 'create' }, { shape: 'detail' })
    await world.converge()
    await change({ type: 'product', kind: 'delete', id: mutation.id })
    await world.converge()
    expect(await deletedAt(mutation.id)).not.toBeNull()
    await change({ type: 'product', kind: 'restore', id: mutation.id }, { shape: 'detail' })
    await world.converge()
    expect(await deletedAt(mutation.id)).toBeNull()
    expect(await world.differences(new Set([mutation.id]))).toEqual([])
  })

  describe('is answered', () => {
    const item = (body: object) => JSON.stringify({ item: body })

    it.each<[string, HandMadeDelivery, number, Record<string, unknown>]>([
      ['405 when it is no POST', { path: '/products', body: '', method: 'GET' }, 405, { status: 405 }],
      ['404 for a resource that does not exist', { path: '/unicorns', body: '{}' }, 404, { status: 404 }],
      ['404 for an action that does not exist', { path: '/products/sold', body: '{}' }, 404, { status: 404 }],
      [
        '413 when it is too large',
        { path: '/products', body: `"${'x'.repeat(1_100_000)}"` },
        413,
        { status: 413 },
      ],
      [
        '401 without a signature',
        { path: '/products', body: item({ item_id: '1' }), signature: null },
        401,
        { status: 401 },
      ],
      [
        '401 with a wrong signature',
        { path: '/products', body: item({ item_id: '1' }), signature: 'a'.repeat(64) },
        401,
        { status: 401 },
      ],
      [
        '401 with a wrong key',
        { path: '/products', body: '{}', signature: null, headers: { 'X-Webhook-Key': 'guess' } },
        401,
        { status: 401 },
      ],
    ])('%s', async (_what, delivery, status, body) => {
      const before = await countEvents()
      const answer = await hook(delivery)
      expect(answer).toMatchObject({ status, body })
      expect(await countEvents()).toEqual(before)
    })

    it.each<[string, Omit<HandMadeDelivery, 'path'> & { path?: string }]>([
      ['not_json', { body: '{"item":' }],
      ['not_utf8', { body: new Uint8Array([0x22, 0xff, 0x22]) }],
      ['not_object', { body: '[1]' }],
      ['no_id', { body: item({ name: 'Nameless' }) }],
      ['duplicate_key', { body: '{"item":{"item_id":"1","name":"a","name":"b"}}' }],
      ['too_deep', { body: `{"item":{"item_id":"1","x":${'['.repeat(80)}${']'.repeat(80)}}}` }],
      ['number_range', { body: '{"item":{"item_id":"1","rate":1e999}}' }],
      [
        'bad_time',
        { body: item({ item_id: '1', name: 'x', status: 'active', last_modified_time: 'yesterday' }) },
      ],
      [
        'future',
        {
          body: item({
            item_id: '1',
            name: 'x',
            status: 'active',
            last_modified_time: '2199-01-01T00:00:00+0000',
          }),
        },
      ],
      ['content_type', { body: item({ item_id: '1' }), contentType: 'text/csv' }],
      ['batch', { body: JSON.stringify({ items: [{ item_id: '1' }, { item_id: '2' }] }) }],
      ['organization', { body: item({ item_id: '1' }), path: '/products?organization_id=1' }],
      ['unsupported', { body: JSON.stringify({ entity: 'invoice', event: 'updated', id: '1' }) }],
      ['empty', { body: '' }],
    ])('quarantined, with the bytes kept, when it is authentic but %s', async (reason, delivery) => {
      const answer = await hook({ path: '/products', ...delivery })
      expect(answer).toMatchObject({ status: 202, body: { status: 'quarantined', reason } })
      const { rows } = await world.database.db.query<{ status: string; raw_body: Buffer }>(
        'SELECT status, raw_body FROM tds_inbox_events WHERE id = $1',
        [answer.body['eventId']],
      )
      expect(rows[0]?.status).toBe('quarantined')
      expect(rows[0]?.raw_body.equals(Buffer.from(delivery.body as string))).toBe(true)
    })
  })

  it('keeps every daemon ready, and its documents and figures within reach', async () => {
    for (const [name, url] of world.installation.healthUrls) {
      const ready = await fetch(`${url}/health/ready`)
      expect([name, ready.status, await ready.json()]).toEqual([
        name,
        200,
        expect.objectContaining({ ready: true }),
      ])
      expect(await (await fetch(`${url}/metrics`)).text()).toContain('tds_build_info')
    }
    const { apiUrl } = world.installation
    expect(await (await fetch(`${apiUrl}/openapi.json`)).json()).toMatchObject({
      openapi: expect.stringMatching(/^3\./),
    })
    expect((await fetch(`${apiUrl}/docs`)).status).toBe(200)
  })

  interface Form {
    readonly shape?: BodyShape
    readonly encoding?: Encoding
  }

  async function change(
    request: MutationRequest,
    form: Form = {},
  ): Promise<{ mutation: Mutation; answer: Answered }> {
    const mutation = world.simulator.mutate(request)
    return { mutation, answer: await tell(mutation, form) }
  }

  type Answered = Pick<HookAnswer, 'status' | 'body'>

  async function tell(mutation: Mutation, form: Form): Promise<Answered> {
    const [answer] = await send([world.simulator.deliveryOf(mutation, form)])
    if (answer === undefined) throw new Error('a delivery was not sent')
    return answer
  }

  async function send(deliveries: Parameters<EndToEnd['simulator']['send']>[0]): Promise<Answered[]> {
    const { results } = await world.simulator.send(deliveries, { target: world.installation.apiUrl })
    return results.map(({ status, answer }) => ({
      status: status ?? 0,
      body: JSON.parse(answer) as Answered['body'],
    }))
  }

  async function hook(delivery: HandMadeDelivery): Promise<HookAnswer> {
    return deliver({ apiUrl: world.installation.apiUrl, simulator: world.simulator }, delivery)
  }

  async function statusOf(answer: Answered): Promise<string | undefined> {
    const { rows } = await world.database.db.query<{ status: string }>(
      'SELECT status FROM tds_inbox_events WHERE id = $1',
      [answer.body['eventId']],
    )
    return rows[0]?.status
  }

  async function deletedAt(id: string): Promise<string | null | undefined> {
    const { rows } = await world.database.db.query<{ deleted_at: string | null }>(
      'SELECT deleted_at FROM tds_products WHERE zoho_id = $1',
      [id],
    )
    return rows[0]?.deleted_at
  }

  async function countEvents(): Promise<unknown> {
    const { rows } = await world.database.db.query('SELECT count(*) FROM tds_inbox_events')
    return rows[0]
  }
})
