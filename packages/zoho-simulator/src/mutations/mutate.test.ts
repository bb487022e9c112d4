import { simulatorClock } from '../clock.ts'
import { decimal, sum, compareDecimals } from '../exact/decimal.ts'
import { decimalOf, objectsOf, textOf } from '../exact/fields.ts'
import { writeJson, type JsonObject } from '../exact/json.ts'
import { testNow, testWorld } from '../testing/test-world.ts'
import type { WorldRecord } from '../world/collection.ts'
import { kinds } from '../world/kinds.ts'
import { recordTypes, type RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import { randomMutations } from './mutate-at-random.ts'
import { mutate } from './mutate.ts'

function setup() {
  const clock = simulatorClock(() => testNow)
  return { clock, world: testWorld({ clock }) }
}

function anyRecord(
  world: World,
  type: RecordType,
  fits: (detail: JsonObject) => boolean = () => true,
): WorldRecord {
  const found = world.collections[type].living().find(({ detail }) => fits(detail))
  if (found === undefined) throw new Error(`No fitting ${type}`)
  return found
}

function twoLines(detail: JsonObject): boolean {
  return objectsOf(detail, 'line_items').length > 1
}

describe('mutate', () => {
  it.each(recordTypes)('makes a new %s with the clock’s time and all keys of the others', (type) => {
    const { world } = setup()
    const made = mutate(world, { type, kind: 'create' })
    expect(made.versionMs).toBe(testNow)
    expect(world.collections[type].get(made.id)?.deleted).toBe(false)
    expect(made.detail[kinds[type].idKey]).toBe(made.id)
  })

  it.each(recordTypes)('raises the version of a %s with every change, and shows it in the detail', (type) => {
    const { world } = setup()
    const { id } = anyRecord(world, type)
    const first = mutate(world, { type, kind: 'update', id })
    const second = mutate(world, { type, kind: 'update', id })
    expect(first.versionMs).toBe(testNow)
    expect(second.versionMs).toBe(testNow + 1000)
    const shown = second.detail['last_modified_time'] ?? world.zone.time(testNow + 1000)
    expect(shown).toBe('2026-09-01T12:30:01+0300')
  })

  it('follows the clock where that is later than one second', () => {
    const { world, clock } = setup()
    const { id } = anyRecord(world, 'product')
    mutate(world, { type: 'product', kind: 'update', id })
    clock.advance(61_500)
    expect(mutate(world, { type: 'product', kind: 'update', id }).versionMs).toBe(testNow + 61_000)
  })

  it('stays in the past when asked for the next version, so that long streams do not run ahead of the clock', () => {
    const { world } = setup()
    const { id, modifiedMs } = anyRecord(world, 'product')
    const { versionMs } = mutate(world, { type: 'product', kind: 'update', id, stamp: 'next' })
    expect(versionMs).toBeGreaterThanOrEqual(modifiedMs + 1000)
    expect(versionMs).toBeLessThanOrEqual(modifiedMs + 600_000)
  })

  it('changes content without a new version when asked to keep it', () => {
    const { world } = setup()
    const { id, detail, modifiedMs } = anyRecord(world, 'product')
    const rate = decimal('0.70')
    const tie = mutate(world, { type: 'product', kind: 'update', id, set: { rate }, stamp: 'keep' })
    expect(tie.versionMs).toBe(modifiedMs)
    expect(tie.detail['last_modified_time']).toBe(detail['last_modified_time'])
    expect(writeJson(tie.detail['rate'] ?? null)).toBe('0.70')
  })

  it('leaves the earlier detail as it was', () => {
    const { world } = setup()
    const { id, detail } = anyRecord(world, 'invoice')
    const before = writeJson(detail)
    mutate(world, { type: 'invoice', kind: 'update', id, change: 'add-line' })
    expect(writeJson(detail)).toBe(before)
  })

  it('takes a deleted record out of the living, keeps its last snapshot, and restores it newer than it was', () => {
    const { world } = setup()
    const { id, detail, modifiedMs } = anyRecord(world, 'product')
    const gone = mutate(world, { type: 'product', kind: 'delete', id })
    expect(gone.detail).toEqual(detail)
    expect(world.collections.product.living().some((record) => record.id === id)).toBe(false)
    expect(world.collections.product.deletedIds()).toEqual([id])
    const back = mutate(world, { type: 'product', kind: 'restore', id })
    expect(back.versionMs).toBeGreaterThanOrEqual(modifiedMs + 1000)
    expect(world.collections.product.deletedIds()).toEqual([])
  })

  it('adds, removes and reorders lines, numbering them anew and keeping the totals true', () => {
    const { world } = setup()
    const { id, detail } = anyRecord(world, 'invoice', twoLines)
    const ids = (invoice: JsonObject) =>
      objectsOf(invoice, 'line_items').map((line) => textOf(line, 'line_item_id'))
    const change = (name: string) =>
      mutate(world, { type: 'invoice', kind: 'update', id, change: name }).detail
    const [first, ...rest] = ids(detail)

    const reordered = change('reorder-lines')
    expect(ids(reordered)).toEqual([...rest, first])
    const added = change('add-line')
    expect(ids(added)).toHaveLength(ids(detail).length + 1)
    const removed = change('remove-line')
    expect(ids(removed)).toHaveLength(ids(detail).length)

    for (const invoice of [reordered, added, removed]) {
      const lines = objectsOf(invoice, 'line_items')
      expect(lines.map((line) => line['item_order'])).toEqual(lines.map((_, index) => index + 1))
      const net = sum(lines.map((line) => decimalOf(line, 'item_total')))
      expect(compareDecimals(net, decimalOf(invoice, 'sub_total'))).toBe(0)
    }
  })

  it('moves stock at one location and in the sums', () => {
    const { world } = setup()
    const { id, detail } = anyRecord(world, 'product', (item) => objectsOf(item, 'locations').length > 1)
    const moved = mutate(world, { type: 'product', kind: 'update', id, change: 'stock' }).detail
    const held = (item: JsonObject) =>
      objectsOf(item, 'locations').map((place) => decimalOf(place, 'location_stock_on_hand'))
    const changed = held(moved).filter((stock, index) => stock.source !== held(detail)[index]?.source)
    expect(changed).toHaveLength(1)
    expect(compareDecimals(sum(held(moved)), decimalOf(moved, 'stock_on_hand'))).toBe(0)
  })

  it('clears a field to blank', () => {
    const { world } = setup()
    const { id, detail } = anyRecord(world, 'product', (item) => item['description'] !== '')
    const cleared = mutate(world, { type: 'product', kind: 'update', id, change: 'clear' }).detail
    const blanked = Object.keys(detail).filter((key) => detail[key] !== '' && cleared[key] === '')
    expect(blanked).toHaveLength(1)
  })

  it('sets fields exactly as told', () => {
    const { world } = setup()
    const { id } = anyRecord(world, 'customer')
    const set = { credit_limit: decimal('5000.10'), notes: null, phone: '' }
    const { detail } = mutate(world, { type: 'customer', kind: 'update', id, set })
    expect(writeJson(detail['credit_limit'] ?? null)).toBe('5000.10')
    expect(detail).toMatchObject({ notes: null, phone: '' })
  })

  it.each(recordTypes)('knows only changes of a %s that change something, but for touch', (type) => {
    const { world } = setup()
    for (const change of Object.keys(kinds[type].changes).filter((name) => name !== 'touch')) {
      const changed = world.collections[type].living().some((record) => {
        const fields = kinds[type].changes[change]?.(record.detail, { world, random: world.random }) ?? {}
        return Object.entries(fields).some(
          ([key, value]) => writeJson(value) !== writeJson(record.detail[key] ?? null),
        )
      })
      expect([change, changed]).toEqual([change, true])
    }
  })

  it.each([
    [{ type: 'product', kind: 'update', id: '1' }, 'There is no product 1'],
    [{ type: 'product', kind: 'restore' }, 'There is no deleted product'],
    [{ type: 'product', kind: 'update', change: 'explode' }, 'no change explode; it has touch, price'],
    [{ type: 'product', kind: 'create', id: '1' }, 'gets its id from Zoho'],
    [{ type: 'product', kind: 'delete', set: {} }, 'set belongs'],
    [{ type: 'product', kind: 'delete', stamp: 'keep' }, 'Only an update'],
    [{ type: 'product', kind: 'update', set: { item_id: '1' } }, 'set may not name item_id'],
  ] as const)('refuses %j', (request, message) => {
    expect(() => mutate(setup().world, request)).toThrow(message)
  })

  it('refuses to change what is deleted, and to restore what is not', () => {
    const { world } = setup()
    const { id } = anyRecord(world, 'invoice')
    expect(() => mutate(world, { type: 'invoice', kind: 'restore', id })).toThrow('is not deleted')
    mutate(world, { type: 'invoice', kind: 'delete', id })
    expect(() => mutate(world, { type: 'invoice', kind: 'update', id })).toThrow('is deleted')
  })
})

describe('randomMutations', () => {
  function take(world: World, count: number, options: Parameters<typeof randomMutations>[1]) {
    const stream = randomMutations(world, options)
    return Array.from({ length: count }, () => stream.next().value)
  }

  it('repeats itself for the same seed', () => {
    const run = () => {
      const made = take(setup().world, 60, { types: ['product', 'invoice'], seed: 7 })
      return made.map(({ detail, ...rest }) => [rest, writeJson(detail)])
    }
    expect(run()).toEqual(run())
  })

  it('changes only the types asked for, in the proportions asked for', () => {
    const made = take(setup().world, 300, { types: ['product'], kinds: { update: 1, delete: 1, restore: 1 } })
    expect(new Set(made.map(({ type }) => type))).toEqual(new Set(['product']))
    expect(made.some(({ kind }) => kind === 'create')).toBe(false)
    for (const kind of ['update', 'delete', 'restore']) {
      expect(made.filter((mutation) => mutation.kind === kind).length).toBeGreaterThan(50)
    }
  })

  it('keeps to a few records when asked to, each change newer than the one before', () => {
    const made = take(setup().world, 100, { types: ['invoice'], kinds: { update: 1 }, recordsPerType: 3 })
    const byId = Map.groupBy(made, ({ id }) => id)
    expect(byId.size).toBe(3)
    for (const changes of byId.values()) {
      const versions = changes.map(({ versionMs }) => versionMs)
      expect(new Set(versions).size).toBe(versions.length)
      expect(versions.toSorted((a, b) => a - b)).toEqual(versions)
    }
  })

  it('never runs dry: with nothing left to delete it creates', () => {
    const { world } = setup()
    const made = take(world, 120, { types: ['bill'], kinds: { delete: 1 } })
    expect(made).toHaveLength(120)
  })
})
