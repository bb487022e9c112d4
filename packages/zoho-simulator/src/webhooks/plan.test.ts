import { isJsonObject, readJson, writeJson, type JsonObject } from '../exact/json.ts'
import { exampleKeys } from '../testing/example-keys.ts'
import { testWorld } from '../testing/test-world.ts'
import { kinds } from '../world/kinds.ts'
import type { Delivery } from './delivery.ts'
import { deliveryStream, planDeliveries, type Scenario } from './plan.ts'
import { signDelivery } from './sign.ts'

const sender = { organizationId: '738204165', secret: 'testHookSecret2026' }

function plan(scenario: Partial<Scenario> = {}, world = testWorld()) {
  const planned = planDeliveries(world, sender, { count: 200, types: ['product', 'invoice'], ...scenario })
  return { world, ...planned }
}

function bodyOf({ body, encoding }: Delivery): JsonObject {
  const text =
    encoding === 'json' ? body.toString() : (new URLSearchParams(body.toString()).get('JSONString') ?? '')
  const parsed = readJson(text)
  if (!isJsonObject(parsed)) throw new Error('The body is no object')
  return parsed
}

function recordIn(delivery: Delivery): JsonObject {
  const record = bodyOf(delivery)[kinds[delivery.type].wrapper]
  if (!isJsonObject(record)) throw new Error('The body holds no record')
  return record
}

describe('a planned stream', () => {
  it('has as many deliveries as asked for, of the types asked for', () => {
    const { deliveries } = plan({ types: ['product'], duplicates: 0.3, reordered: 0.3, dropped: 0.2 })
    expect(deliveries).toHaveLength(200)
    expect(new Set(deliveries.map(({ type }) => type))).toEqual(new Set(['product']))
    expect(deliveries.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    )
  })

  it('is the same, byte by byte, from the same world and seed', () => {
    const bytes = () => {
      const { deliveries } = plan({ duplicates: 0.2, reordered: 0.2, forms: 0.2, seed: 5 })
      return deliveries.map(({ path, headers, body }) => [path, headers, body.toString()])
    }
    expect(bytes()).toEqual(bytes())
  })

  it('arrives in the order in which it was made, unless told otherwise', () => {
    const sequences = plan().deliveries.map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.toSorted((a, b) => a - b))
  })

  it('brings the asked share late, but by no more than the window', () => {
    const { deliveries } = plan({ reordered: 0.3, window: 5 })
    const late = deliveries.filter(({ sequence }, place) => place + 1 > sequence)
    const lateness = deliveries.map(({ sequence }, place) => place + 1 - sequence)
    expect(late.length).toBeGreaterThan(20)
    expect(Math.max(...lateness)).toBeLessThanOrEqual(5)
  })

  it('repeats the asked share byte by byte', () => {
    const { deliveries } = plan({ duplicates: 0.25 })
    const bySequence = new Map(deliveries.map((delivery) => [delivery.sequence, delivery]))
    const copies = deliveries.filter(({ duplicateOf }) => duplicateOf !== null)
    expect(copies.length).toBeGreaterThan(25)
    expect(copies.length).toBeLessThan(75)
    for (const copy of copies) {
      const original = bySequence.get(copy.duplicateOf ?? 0)
      expect(original?.duplicateOf).toBeNull()
      expect([copy.path, copy.headers, copy.body]).toEqual([
        original?.path,
        original?.headers,
        original?.body,
      ])
    }
  })

  it('says which changes no delivery tells of', () => {
    const { deliveries, dropped } = plan({ dropped: 0.5, kinds: { update: 1 } })
    expect(dropped.length).toBeGreaterThan(100)
    const told = new Set(deliveries.map(({ id, version }) => `${id} ${version}`))
    expect(dropped.filter(({ id, version }) => told.has(`${id} ${version}`))).toEqual([])
  })

  it('speaks of the version that its body shows', () => {
    const { deliveries } = plan({ shapes: { usual: 1, detail: 1, sparse: 1, lean: 1 } })
    for (const delivery of deliveries) {
      expect(delivery.carriesVersion).toBe(true)
      expect(recordIn(delivery)['last_modified_time']).toBe(delivery.version)
      expect(recordIn(delivery)[kinds[delivery.type].idKey]).toBe(delivery.id)
    }
  })

  it('ends in the world as the last version of each record tells', () => {
    const { world, deliveries } = plan({
      shapes: { detail: 1 },
      kinds: { update: 3, create: 1 },
      recordsPerType: 5,
    })
    const last = new Map(deliveries.map((delivery) => [delivery.id, delivery]))
    for (const delivery of last.values()) {
      const held = world.collections[delivery.type].get(delivery.id)?.detail ?? {}
      expect(writeJson(recordIn(delivery))).toBe(writeJson(held))
    }
  })

  it('can be made one by one, each change happening when it is asked for', () => {
    const world = testWorld()
    const before = world.collections.product.livingCount()
    const stream = deliveryStream(world, sender, { count: 3, types: ['product'], kinds: { create: 1 } })
    stream.next()
    expect(world.collections.product.livingCount()).toBe(before + 1)
    stream.next()
    expect(world.collections.product.livingCount()).toBe(before + 2)
  })

  it.each([
    [{ count: 0 }, 'count'],
    [{ types: [] }, 'types'],
    [{ duplicates: 1.5 }, 'duplicates'],
    [{ forms: -0.1 }, 'forms'],
    [{ unsigned: NaN }, 'unsigned'],
    [{ dropped: 1 }, 'dropped'],
    [{ window: 0 }, 'window'],
  ] as const)('is refused with %j', (scenario, field) => {
    expect(() => plan(scenario)).toThrow(field)
  })
})

describe('a planned delivery', () => {
  it('goes to the record’s resource, names the organisation, and is signed over both', () => {
    const { deliveries } = plan({ forms: 0.3 })
    for (const { path, headers, body, encoding } of deliveries) {
      expect(path).toMatch(
        /^\/webhooks\/(?:products|invoices)(?:\/(?:created|updated|deleted))?\?organization_id=738204165$/,
      )
      const form = encoding === 'form' ? new URLSearchParams(body.toString()) : []
      const query: [string, string][] = [['organization_id', '738204165']]
      const signed = signDelivery({
        secret: sender.secret,
        query,
        form,
        body: encoding === 'form' ? '' : body,
      })
      expect(headers['X-Zoho-Webhook-Signature']).toBe(signed)
    }
  })

  it('is packed as JSON, or as a form whose one field is JSONString', () => {
    const { deliveries } = plan({ forms: 0.5 })
    for (const { headers, body, encoding } of deliveries) {
      const type = encoding === 'json' ? 'application/json' : 'application/x-www-form-urlencoded'
      expect(headers['Content-Type']).toBe(`${type};charset=UTF-8`)
      if (encoding === 'form')
        expect([...new URLSearchParams(body.toString()).keys()]).toEqual(['JSONString'])
    }
    expect(new Set(deliveries.map(({ encoding }) => encoding))).toEqual(new Set(['json', 'form']))
  })

  it('has no signature where it is to be unsigned', () => {
    const { deliveries } = plan({ unsigned: 1 })
    expect(deliveries.filter(({ headers }) => 'X-Zoho-Webhook-Signature' in headers)).toEqual([])
  })

  it('tells of a deletion in the path, by the last snapshot, or in a thin body', () => {
    const { deliveries } = plan({ kinds: { delete: 1, create: 1 }, shapes: { usual: 1, detail: 1, thin: 1 } })
    const deletions = deliveries.filter(({ mutation }) => mutation === 'delete')
    const said = deletions.map((delivery) => delivery.action ?? bodyOf(delivery)['event'])
    expect(new Set(said)).toEqual(new Set(['deleted']))
    expect(new Set(deletions.map(({ shape }) => shape))).toEqual(new Set(['usual', 'thin']))
  })

  it('calls a restoration an update', () => {
    const { deliveries } = plan({ kinds: { delete: 1, restore: 1 }, actionPaths: 1 })
    const restored = deliveries.filter(({ mutation }) => mutation === 'restore')
    expect(restored.length).toBeGreaterThan(10)
    expect(new Set(restored.map(({ action }) => action))).toEqual(new Set(['updated']))
  })
})

describe('the body shapes', () => {
  const shaped = (shape: string) =>
    plan({ count: 20, types: ['invoice'], kinds: { update: 1 }, shapes: { [shape]: 1 } })

  it('usual: the example’s keys', () => {
    for (const delivery of shaped('usual').deliveries) {
      expect(Object.keys(recordIn(delivery)).sort()).toEqual(
        [...(exampleKeys.invoice.webhook['.'] ?? [])].sort(),
      )
    }
  })

  it('detail: every key', () => {
    for (const delivery of shaped('detail').deliveries) {
      expect(Object.keys(recordIn(delivery)).sort()).toEqual(
        [...(exampleKeys.invoice.detail['.'] ?? [])].sort(),
      )
    }
  })

  it.each([
    ['sparse', 'detail'],
    ['lean', 'webhook'],
  ] as const)('%s: the %s without a third of its keys, another third each time', (shape, full) => {
    const whole = exampleKeys.invoice[full]['.'] ?? []
    const seen = shaped(shape).deliveries.map((delivery) => Object.keys(recordIn(delivery)))
    for (const keys of seen) {
      expect(keys).toHaveLength(whole.length - Math.round(whole.length / 3))
      expect(keys).toEqual(expect.arrayContaining(['invoice_id', 'last_modified_time']))
      expect(whole).toEqual(expect.arrayContaining(keys))
    }
    expect(new Set(seen.map((keys) => keys.join())).size).toBeGreaterThan(15)
  })

  it('thin: entity, event and id alone', () => {
    for (const delivery of shaped('thin').deliveries) {
      expect(bodyOf(delivery)).toEqual({ entity: 'invoice', event: 'updated', id: delivery.id })
      expect(delivery.carriesVersion).toBe(false)
    }
  })

  it('placeholders: the record’s own id key, and the organisation', () => {
    for (const delivery of shaped('placeholders').deliveries) {
      expect(bodyOf(delivery)).toEqual({
        entity: 'invoice',
        event: 'updated',
        organization_id: '738204165',
        invoice_id: delivery.id,
      })
    }
  })
})
