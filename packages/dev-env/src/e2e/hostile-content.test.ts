import { entityOf } from '@tds/core'

import { deliver, type EndToEnd, type HookAnswer, startEndToEnd } from '../testing/index.ts'
import { naughtyStrings } from '../testing/naughty-strings/naughty-strings.ts'

describe('hostile content', () => {
  let world: EndToEnd

  beforeAll(async () => {
    world = await startEndToEnd()
  }, 60_000)

  afterAll(async () => {
    await world.stop()
  })

  it('B-05 NUL is U+FFFD in the mirror, and reading the record from Zoho finds no difference', async () => {
    const set = { name: 'a\u0000b', description: '\u0000' }
    const made = world.simulator.mutate({ type: 'product', kind: 'create', set })
    const delivery = world.simulator.deliveryOf(made, { shape: 'detail' })
    expect(delivery.body.toString()).toContain('\\u0000')
    const { results } = await world.simulator.send([delivery], { target: world.installation.apiUrl })
    expect(results.map(({ status }) => status)).toEqual([202])
    await world.converge()
    expect(await productOf(made.id)).toMatchObject({ name: 'a\uFFFDb', description: '\uFFFD' })
    // Zoho's own detail brings the same NUL along with a change of something else.
    world.simulator.mutate({ type: 'product', kind: 'update', id: made.id, set: { brand: 'Quay' } })
    await post(JSON.stringify({ entity: 'item', event: 'updated', id: made.id }))
    await world.converge()
    expect(await changesOf(made.id)).toEqual([expect.arrayContaining(['name', 'description']), ['brand']])
  })

  it('B-05 B-06 NUL and halves of pairs in values and keys are replaced in the mirror, and the bytes kept', async () => {
    const id = nextId()
    const body = product(id, { name: '"a\\u0000b\\ud800"', '"odd\\u0000\\udc00"': '"kept"' })
    const answer = await post(body)
    expect(answer).toMatchObject({ status: 202, body: { status: 'accepted' } })
    await world.converge()
    expect(await productOf(id)).toMatchObject({ name: 'a\uFFFDb\uFFFD', odd: 'kept' })
    const event = await eventOf(answer)
    expect(event).toMatchObject({ status: 'applied', flags: ['nul_replaced', 'surrogate_replaced'] })
    expect(event.raw_body.equals(Buffer.from(body))).toBe(true)
  })

  it.each(['9007199254740993', '5739140000001010143'])(
    'B-08 the bare number %s is the id of the row, digit for digit',
    async (id) => {
      await post(product(id, { item_id: id }))
      await world.converge()
      expect(await productOf(id)).toMatchObject({ zoho_id: id, raw_id: id })
    },
  )

  it.each([
    ['0.1', '0.1'],
    ['1.10', '1.1'],
    ['1e2', '100'],
    ['-0', '0'],
    ['"1.10"', '1.1'],
    ['""', null],
    ['null', null],
  ])('B-09 money written %s is exactly %s in the mirror', async (written, stored) => {
    const id = nextId()
    await post(product(id, { rate: written }))
    await world.converge()
    expect(await productOf(id)).toMatchObject({ rate: stored })
  })

  it.each(['"None"', '"1,10"', '"0x10"', 'true', '[]'])(
    'B-09 money written %s is a dead letter bad_money, and never nought',
    async (written) => {
      const id = nextId()
      const answer = await post(product(id, { rate: written }))
      expect(answer).toMatchObject({ status: 202, body: { status: 'accepted' } })
      await world.converge()
      expect(await productOf(id)).toBeUndefined()
      expect(await deadLettersOf(id)).toEqual([{ class: 'data', error_code: 'bad_money' }])
    },
  )

  it('B-14 a name and a SKU of hundreds of kilobytes are in the mirror whole', async () => {
    const id = nextId()
    const [name, sku] = ['x'.repeat(800_000), 'y'.repeat(200_000)]
    await post(product(id, { name: JSON.stringify(name), sku: JSON.stringify(sku) }))
    await world.converge()
    const row = await productOf(id)
    expect([row?.name === name, row?.sku === sku]).toEqual([true, true])
  })

  it('B-14 a key too long for an index is a dead letter, answered like any other delivery', async () => {
    const id = nextId()
    const location = incompressible(100_000)
    const answer = await post(product(id, { locations: JSON.stringify([{ location_id: location }]) }))
    expect(answer).toMatchObject({ status: 202, body: { status: 'accepted' } })
    await world.converge()
    expect(await deadLettersOf(id)).toEqual([{ class: 'data', error_code: 'database_data' }])
  })

  it('B-23 the 515 naughty strings as names and descriptions are the same bytes in the mirror', async () => {
    const strings = naughtyStrings()
    expect(strings).toHaveLength(515)
    const sent = strings.map((text) => ({ id: nextId(), text }))
    const answers = await postAll(
      sent.map(({ id, text }) =>
        product(id, { name: JSON.stringify(text), description: JSON.stringify(text) }),
      ),
    )
    expect(answers.filter(({ status, body }) => status !== 202 || body['status'] !== 'accepted')).toEqual([])
    await world.converge(60_000)
    const rows = await productsOf(sent.map(({ id }) => id))
    // A product must have a name; what is empty is not invented.
    const [empty, ...named] = sent
    expect(empty?.text).toBe('')
    expect(await deadLettersOf(empty?.id ?? '')).toEqual([{ class: 'data', error_code: 'missing_required' }])
    const differing = named.filter(({ id, text }) => {
      const row = rows.get(id)
      return (
        row === undefined || [row.name, row.description, row.raw_name].some((stored) => !isSame(stored, text))
      )
    })
    expect(differing).toEqual([])
  })

  it('B-24 composed and decomposed spellings are kept as sent, as values and as keys, and not merged', async () => {
    const [composed, decomposed] = ['\u00e9t\u00e9', 'e\u0301te\u0301']
    const [one, other] = [nextId(), nextId()]
    const keys = { '"\u00e9"': '"composed"', '"e\u0301"': '"decomposed"' }
    await post(product(one, { name: JSON.stringify(composed), ...keys }))
    await post(product(other, { name: JSON.stringify(decomposed), ...keys }))
    await world.converge()
    const rows = await productsOf([one, other])
    expect([isSame(rows.get(one)?.name, composed), isSame(rows.get(other)?.name, decomposed)]).toEqual([
      true,
      true,
    ])
    const { rows: found } = await world.database.db.query(
      `SELECT raw->>$2 AS composed, raw->>$3 AS decomposed FROM tds_products WHERE zoho_id = $1`,
      [one, '\u00e9', 'e\u0301'],
    )
    expect(found).toEqual([{ composed: 'composed', decomposed: 'decomposed' }])
  })

  it('B-25 right-to-left marks, zero widths and 10 kB of combining marks are the same bytes in the mirror', async () => {
    const texts = ['\u202egpj.exe\u202c', 'a\u200b\u200d\u2060b\ufeff', `o${'\u0301'.repeat(5000)}`]
    const sent = texts.map((text) => ({ id: nextId(), text }))
    await postAll(sent.map(({ id, text }) => product(id, { name: JSON.stringify(text) })))
    await world.converge()
    const rows = await productsOf(sent.map(({ id }) => id))
    expect(sent.filter(({ id, text }) => !isSame(rows.get(id)?.name, text))).toEqual([])
  })

  interface Event {
    readonly status: string
    readonly flags: string[]
    readonly raw_body: Buffer
  }

  interface Product {
    readonly zoho_id: string
    readonly name: string | null
    readonly description: string | null
    readonly sku: string | null
    readonly rate: string | null
    readonly raw_id: string
    readonly raw_name: string
    readonly odd: string | null
  }

  async function post(body: string): Promise<HookAnswer> {
    return deliver(
      { apiUrl: world.installation.apiUrl, simulator: world.simulator },
      { path: '/products', body },
    )
  }

  async function postAll(bodies: readonly string[]): Promise<HookAnswer[]> {
    const answers: HookAnswer[] = []
    for (let first = 0; first < bodies.length; first += 20)
      answers.push(...(await Promise.all(bodies.slice(first, first + 20).map(post))))
    return answers
  }

  async function eventOf(answer: HookAnswer): Promise<Event> {
    const { rows } = await world.database.db.query<Event>(
      'SELECT status, flags, raw_body FROM tds_inbox_events WHERE id = $1',
      [answer.body['eventId']],
    )
    const [event] = rows
    if (event === undefined) throw new Error('the event is not there')
    return event
  }

  async function productOf(id: string): Promise<Product | undefined> {
    return (await productsOf([id])).get(id)
  }

  async function productsOf(ids: readonly string[]): Promise<Map<string, Product>> {
    const { rows } = await world.database.db.query<Product>(
      `SELECT zoho_id, name, description, sku, rate, raw->>'item_id' AS raw_id, raw->>'name' AS raw_name,
              raw->>$2 AS odd
         FROM tds_products WHERE zoho_id = ANY($1)`,
      [ids, 'odd\uFFFD\uFFFD'],
    )
    return new Map(rows.map((row) => [row.zoho_id, row]))
  }

  async function deadLettersOf(id: string): Promise<unknown[]> {
    const { rows } = await world.database.db.query(
      `SELECT class, error_code FROM tds_dead_letter_queue WHERE source_entity_id = $1`,
      [id],
    )
    return rows
  }

  /** The columns that each change of a record touched, in order. */
  async function changesOf(id: string): Promise<string[][]> {
    const { rows } = await world.database.db.query<{ changed_fields: string[] }>(
      'SELECT changed_fields FROM tds_audit_trail WHERE entity_id = $1 ORDER BY position',
      [id],
    )
    return rows.map((row) => row.changed_fields)
  }
})

let ids = 0

/** An id that the simulated Zoho does not have: whatever becomes of the record comes from the delivery alone. */
function nextId(): string {
  ids += 1
  return `9900000000000${String(ids).padStart(5, '0')}`
}

/** A complete product with some members written as given, in JSON; a name in quotes is written as it is too. */
function product(id: string, members: Readonly<Record<string, string>>): string {
  const example = JSON.parse(entityOf('product')?.example.detail ?? '{}') as { item: object }
  const written = new Map(
    Object.entries(example.item).map(([key, value]) => [JSON.stringify(key), JSON.stringify(value)]),
  )
  written.set('"item_id"', JSON.stringify(id))
  for (const [key, value] of Object.entries(members)) {
    written.set(key.startsWith('"') ? key : JSON.stringify(key), value)
  }
  return `{"item":{${Array.from(written, (pair) => pair.join(':')).join(',')}}}`
}

/** To the byte: two spellings of one character are equal to many a comparison. */
function isSame(stored: string | null | undefined, sent: string): boolean {
  return typeof stored === 'string' && Buffer.from(stored).equals(Buffer.from(sent))
}

/** Text that stays long when Postgres compresses it. */
function incompressible(length: number): string {
  let text = ''
  for (let state = 1; text.length < length; state = (state * 48_271) % 2_147_483_647)
    text += state.toString(36)
  return text
}
