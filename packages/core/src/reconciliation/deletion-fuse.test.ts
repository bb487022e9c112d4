import { takeOverClock } from '@tds/db/testing'
import { metricsRegistry } from '@tds/runtime'
import { mapRecord } from '../entities/map-record.ts'
import { product } from '../entities/product.ts'
import { applyChanges, type RecordChange } from '../sync/apply-changes.ts'
import { databaseNow } from '../sync/database-now.ts'
import { createFuseWorld, type FuseWorld } from '../testing/fuse-world.ts'
import { exampleRecord, testOrganization, wrapped } from '../testing/sync-world.ts'
import { deletionAllowance, deletionsLeft } from './deletion-allowance.ts'
import { askFuse } from './deletion-fuse.ts'
import { deletionLimit } from './deletion-limit.ts'
import { noteListed } from './signs-of-life.ts'

const organizationId = testOrganization

describe('the limit of deletions', () => {
  it.each([
    [0, 1],
    [49, 1],
    [50, 5],
    [299, 5],
    [300, 6],
    [349, 6],
    [100_000, 2_000],
  ])('of %i rows is %i an hour', (rows, limit) => {
    expect(deletionLimit(rows)).toBe(limit)
  })
})

describe('the deletion fuse', () => {
  let world: FuseWorld

  beforeEach(async () => {
    world = await createFuseWorld()
  })
  afterEach(() => world.drop())

  it.each([
    { rows: 49, vanished: 3, deleted: 1 },
    { rows: 50, vanished: 7, deleted: 5 },
    { rows: 300, vanished: 8, deleted: 6 },
  ])('lets $deleted of $vanished go where there were $rows rows, and holds the rest', async (o) => {
    const ids = await world.fill(o.rows)
    await world.oweReads(ids.slice(0, o.vanished))
    await world.settle()
    expect(await world.tombstones()).toBe(o.deleted)
    expect(await world.held()).toHaveLength(o.vanished - o.deleted)
    expect(await world.state()).toBe('blown')
  })

  it('stays closed while no more than the limit is deleted', async () => {
    const ids = await world.fill(50)
    await world.oweReads(ids.slice(0, 5))
    await world.settle()
    expect([await world.tombstones(), await world.state()]).toEqual([5, 'closed'])
  })

  it('counts what webhooks and reads bring together', async () => {
    const ids = await world.fill(60)
    await world.receiveDeletes(ids.slice(0, 3))
    await world.settle()
    await world.oweReads(ids.slice(3, 7))
    await world.settle()
    expect([await world.tombstones(), (await world.held()).length]).toEqual([5, 2])
  })

  it('does not let two workers at once exceed the limit, and blows once', async () => {
    const ids = await world.fill(60)
    const gone = ids.slice(0, 12)
    await world.oweReads(gone)
    await world.readAtOnce(gone)
    expect([await world.tombstones(), (await world.held()).length]).toEqual([5, 7])
    const { rows } = await world.db.query('SELECT state, blows FROM tds_deletion_fuses')
    expect(rows).toEqual([{ state: 'blown', blows: '1' }])
  })

  it('counts neither the deletion of a record that was never seen nor of one that is a tombstone', async () => {
    const [gone = ''] = await world.fill(10)
    await world.oweReads(['1', '2', '3'])
    await world.settle()
    await world.oweReads([gone])
    await world.settle()
    await world.oweReads([gone])
    await world.settle()
    expect(await world.tombstones()).toBe(4)
    expect(await world.state()).toBe('closed')
    expect(await deletionAllowance(world.db, { organizationId, entity: product })).toMatchObject({ done: 1 })
  })

  it('keeps an event waiting without an attempt, and asks the source no more', async () => {
    const ids = await world.fill(10)
    const events = await world.receiveDeletes(ids.slice(0, 3))
    await world.settle()
    const asked = world.source.asked()
    await world.passTime()
    await world.settle()
    expect(world.source.asked()).toBe(asked)
    expect(await Promise.all(events.map((id) => world.status(id)))).toEqual(['applied', 'retry', 'retry'])
    const { rows } = await world.db.query(
      `SELECT DISTINCT attempt_count, awaiting_read FROM tds_inbox_events WHERE status = 'retry'`,
    )
    expect(rows).toEqual([{ attempt_count: 0, awaiting_read: true }])
    expect(await world.isConserved()).toBe(true)
  })

  it('is asked once more, and not again, when a webhook tells of a deletion that a run found before', async () => {
    const ids = await world.fill(10)
    await world.oweReads(ids.slice(0, 2))
    await world.settle()
    const [held = ''] = await world.held()
    const asked = world.source.asked()
    for (const expected of [1, 1]) {
      const [event = ''] = await world.receiveDeletes([held])
      await world.settle()
      expect(world.source.asked() - asked).toBe(expected)
      expect(await world.status(event)).not.toBe('applied')
      expect(await world.held()).toEqual([held])
    }
    expect(await world.isConserved()).toBe(true)
  })

  it('counts an hour and no less', async () => {
    const clock = await takeOverClock(world.db)
    await clock.set('2026-07-21T10:00:30Z', 0)
    const ids = await world.fill(10)
    await clock.advance('1 second')
    await world.oweReads(ids.slice(0, 1))
    await world.settle()
    await clock.advance('59 minutes 58 seconds')
    expect(await deletionsLeft(world.db, { organizationId, entity: product })).toBe(0)
    await clock.advance('2 minutes')
    expect(await deletionsLeft(world.db, { organizationId, entity: product })).toBe(1)
    await world.oweReads(ids.slice(1, 2))
    await world.settle()
    expect([await world.tombstones(), await world.state()]).toEqual([2, 'closed'])
  })

  it('stays blown however much time passes, so that a source that lies takes no rows away one by one', async () => {
    const ids = await world.fill(100)
    await world.oweReads(ids.slice(0, 6))
    await world.settle()
    await world.passDeletionHour()
    await world.oweReads(ids.slice(6, 9))
    await world.settle()
    expect([await world.tombstones(), (await world.held()).length]).toEqual([5, 4])
    expect(await deletionsLeft(world.db, { organizationId, entity: product })).toBe(0)
  })

  it('of one type leaves the others alone', async () => {
    const ids = await world.fill(10)
    await world.oweReads(ids.slice(0, 3))
    await world.settle()
    const { customer } = await import('../entities/customer.ts')
    const [other = ''] = await world.fill(10, customer)
    await world.oweReads([other], customer)
    await world.settle()
    expect(await world.tombstones(customer)).toBe(1)
  })

  it('holds what a correction would delete, too', async () => {
    const [first = '', second = ''] = await world.fill(10)
    await world.oweReads([first])
    await world.settle()
    const verdict = await world.db.transaction(async (tx) =>
      askFuse(tx, {
        ...goneAt(second, await databaseNow(tx)),
        correction: { revision: 1, deletedAt: null },
      }),
    )
    expect(verdict).toEqual({ kind: 'held', blew: true })
  })

  it('is counted when it blows', async () => {
    const before = await blown()
    const ids = await world.fill(10)
    await world.oweReads(ids.slice(0, 4))
    await world.settle()
    expect((await blown()) - before).toBe(1)
  })

  describe('holds a deletion no longer', () => {
    let held: string

    beforeEach(async () => {
      const ids = await world.fill(10)
      await world.receiveDeletes(ids.slice(0, 2))
      await world.settle()
      held = (await world.held())[0] ?? ''
      world.bringBack([held])
    })

    it('when a list has the record, and answers the events that waited', async () => {
      await seeInList()
      expect(await world.held()).toEqual([])
      await world.settle()
      expect(await waiting()).toBe(0)
      expect((await world.row(product, held))?.['deleted_at']).toBeNull()
      expect(await world.isConserved()).toBe(true)
    })

    it('when a run that only compares has it in its list', async () => {
      await world.db.transaction(async (tx) => {
        const lookedAt = await databaseNow(tx)
        await noteListed(tx, { organizationId, entity: product, zohoIds: [held, held, '1'], lookedAt })
      })
      expect(await world.held()).toEqual([])
      await world.settle()
      expect(await waiting()).toBe(0)
    })

    it('when a webhook brings news of the record', async () => {
      const body = wrapped(product, exampleRecord(product, 'detail', { item_id: held }))
      await world.receive({ entity: product, zohoId: held, body })
      await world.settle()
      expect([await world.held(), await waiting()]).toEqual([[], 0])
    })

    it('when a webhook that cannot be used by itself leads to a read that finds it', async () => {
      const thin = exampleRecord(product, 'webhook', { item_id: held, last_modified_time: undefined })
      await world.receive({ entity: product, zohoId: held, body: wrapped(product, thin) })
      await world.passTime()
      await world.settle()
      await world.passTime()
      await world.settle()
      expect([await world.held(), await waiting()]).toEqual([[], 0])
    })

    it('but not because of what was said before it was found missing', async () => {
      await seeInList(-3600)
      expect(await world.held()).toEqual([held])
    })

    it('and stays blown until a person has looked', async () => {
      await seeInList()
      expect(await world.state()).toBe('blown')
    })

    async function seeInList(seconds = 0): Promise<void> {
      await world.db.transaction(async (tx) => {
        const now = await databaseNow(tx)
        const row = exampleRecord(product, 'listRow', { item_id: held })
        const change: RecordChange = {
          ...goneAt(held, now + seconds * 1_000_000),
          origin: 'list',
          says: { kind: 'content', record: mapRecord(product, row, 'list') },
        }
        await applyChanges(tx, [change], now)
      })
    }
  })

  async function waiting(): Promise<number> {
    const { rows } = await world.db.query<{ waiting: number }>(
      `SELECT count(*)::int AS waiting FROM tds_inbox_events WHERE status IN ('pending', 'processing', 'retry')`,
    )
    return rows[0]?.waiting ?? -1
  }

  async function blown(): Promise<number> {
    const metric = await metricsRegistry.getSingleMetric('tds_deletion_fuse_blown_total')?.get()
    return metric?.values.find(({ labels }) => labels['entity'] === 'product')?.value ?? 0
  }
})

function goneAt(zohoId: string, lookedAt: number): RecordChange {
  return {
    entity: product,
    organizationId,
    zohoId,
    origin: 'detail',
    says: { kind: 'not-there' },
    cause: 'reconciliation',
    lookedAt,
    eventId: null,
    runId: null,
    actor: 'worker',
    reason: null,
    requestId: null,
  }
}
