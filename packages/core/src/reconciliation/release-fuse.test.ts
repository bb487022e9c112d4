import { TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { priceList } from '../entities/price-list.ts'
import { product } from '../entities/product.ts'
import { deletionFuseCheck } from '../status/deletion-fuse-check.ts'
import { pipelineChecks } from '../status/pipeline-checks.ts'
import { databaseNow } from '../sync/database-now.ts'
import { createFuseWorld, type FuseWorld } from '../testing/fuse-world.ts'
import { testOrganization } from '../testing/sync-world.ts'
import { missRecords, type MissingOutcome } from './miss-records.ts'
import { releaseFuse, type FuseReleased } from './release-fuse.ts'

const organizationId = testOrganization
const bookkeeper = { actor: 'amal', reason: 'they are gone in Zoho too', dryRun: false, via: 'test' }

describe('releasing the deletion fuse', () => {
  let world: FuseWorld

  beforeEach(async () => {
    world = await createFuseWorld()
  })
  afterEach(() => world.drop())

  function release(expectedCount: number, o: { entity?: EntityDefinition; dryRun?: boolean } = {}) {
    const { entity = product, dryRun = false } = o
    const wish = { organizationId, entityType: entity.type, expectedCount }
    return releaseFuse(world.parts, wish, { ...bookkeeper, dryRun })
  }

  async function refusal(work: Promise<FuseReleased>): Promise<TdsError> {
    const error = await work.then(
      () => null,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof TdsError)) throw new Error('it was not refused')
    return error
  }

  async function miss(
    zohoIds: readonly string[],
    entity: EntityDefinition = product,
  ): Promise<MissingOutcome> {
    const lookedAt = await world.db.transaction((tx) => databaseNow(tx))
    return missRecords(world.parts, { organizationId, entity, zohoIds, lookedAt })
  }

  /** Makes 100 records of which 8 vanish: 5 are deleted and 3 held. */
  async function blow(): Promise<{ ids: string[]; events: string[] }> {
    const ids = await world.fill(100)
    const events = await world.receiveDeletes(ids.slice(0, 8))
    await world.settle()
    return { ids, events }
  }

  it('with another number than is held does nothing, and says both numbers', async () => {
    await blow()
    for (const wrong of [0, 2, 4]) {
      const error = await refusal(release(wrong))
      expect(error).toMatchObject({ code: 'fuse_count_differs', disposition: 'reject' })
      expect(error.message).toContain(`3 deletions of product are held, not ${String(wrong)}`)
    }
    await world.settle()
    expect([await world.state(), (await world.held()).length, await world.tombstones()]).toEqual([
      'blown',
      3,
      5,
    ])
  })

  it('is refused where nothing has blown', async () => {
    expect(await refusal(release(0))).toMatchObject({ code: 'fuse_not_blown' })
  })

  it('reads each record again before it is deleted, and lets the events be done', async () => {
    const { events } = await blow()
    const read = world.source.reads()
    expect(await release(3)).toMatchObject({ released: 3 })
    expect(await world.tombstones()).toBe(5)
    await world.settle()
    expect([world.source.reads() - read, await world.tombstones(), await world.state()]).toEqual([
      3,
      8,
      'closed',
    ])
    expect(new Set(await Promise.all(events.map((id) => world.status(id))))).toEqual(new Set(['applied']))
    expect(await world.isConserved()).toBe(true)
    const { rows } = await world.db.query('SELECT count(*)::int AS rows FROM tds_held_deletions')
    expect(rows).toEqual([{ rows: 0 }])
  })

  it('lets a record live that came back', async () => {
    await blow()
    const [back = ''] = await world.held()
    world.bringBack([back])
    await release(3)
    await world.settle()
    expect(await world.tombstones()).toBe(7)
    expect((await world.row(product, back))?.['deleted_at']).toBeNull()
    expect(await world.isConserved()).toBe(true)
  })

  it('writes down who did it, why and how many', async () => {
    await blow()
    await release(3)
    const { rows } = await world.db.query<{ facts: string }>(
      'SELECT actor, action, subject, reason, facts FROM tds_operator_actions',
    )
    expect(rows).toMatchObject([
      {
        actor: 'amal',
        action: 'fuse.release',
        subject: `product ${organizationId}`,
        reason: 'they are gone in Zoho too',
      },
    ])
    expect(JSON.parse(rows[0]?.facts ?? '{}')).toMatchObject({ released: 3, via: 'test' })
    const fuses = await world.db.query(
      'SELECT released_by, release_reason, released_count FROM tds_deletion_fuses',
    )
    expect(fuses.rows).toEqual([
      { released_by: 'amal', release_reason: 'they are gone in Zoho too', released_count: 3 },
    ])
  })

  it('as a rehearsal says the same and changes nothing', async () => {
    await blow()
    expect(await release(3, { dryRun: true })).toMatchObject({ released: 3 })
    await world.settle()
    expect([await world.state(), (await world.held()).length]).toEqual(['blown', 3])
  })

  it('does not delete by an answer that was under way when it came', async () => {
    const { ids } = await blow()
    const [held = ''] = await world.held()
    await world.db.query(
      `UPDATE tds_owed_reads SET due_at = tds_now(), held_until = NULL WHERE zoho_id = $1`,
      [held],
    )
    world.source.meanwhile(async () => {
      await release(3)
      world.bringBack([held])
    })
    await world.readAtOnce([held])
    expect((await world.row(product, held))?.['deleted_at']).toBeNull()
    await world.settle()
    expect((await world.row(product, held))?.['deleted_at']).toBeNull()
    expect(ids).toContain(held)
    expect(await world.tombstones()).toBe(7)
    expect(await world.isConserved()).toBe(true)
  })

  it('leaves the limit of the next hour as it was, and what was released does not count in it', async () => {
    const { ids } = await blow()
    await release(3)
    await world.settle()
    await world.passDeletionHour()
    await world.oweReads(ids.slice(8, 12))
    await world.settle()
    expect([await world.tombstones(), await world.state()]).toEqual([12, 'closed'])
  })

  it('still holds what comes within the hour in which it blew', async () => {
    const { ids } = await blow()
    await release(3)
    await world.settle()
    await world.oweReads(ids.slice(8, 9))
    await world.settle()
    expect([await world.tombstones(), (await world.held()).length]).toEqual([8, 1])
  })

  it('closes a fuse whose records have all proved alive, with the number 0', async () => {
    await blow()
    await world.db.query('DELETE FROM tds_held_deletions')
    expect(await release(0)).toMatchObject({ released: 0 })
    expect(await world.state()).toBe('closed')
  })

  it('does what was asked when 60 records are really gone', async () => {
    const ids = await world.fill(200)
    const gone = ids.slice(0, 60)
    expect(await miss(gone)).toEqual({ owed: 0, held: 60 })
    expect([world.source.asked(), await world.state()]).toEqual([0, 'blown'])
    await release(60)
    await world.settle()
    expect([world.source.reads(), await world.tombstones(), await world.state()]).toEqual([60, 60, 'closed'])
  })

  it('is needed when 5 of 7 price lists vanish', async () => {
    const ids = await world.fill(7, priceList)
    expect(await miss(ids.slice(0, 5), priceList)).toEqual({ owed: 0, held: 5 })
    await world.settle()
    expect(await world.tombstones(priceList)).toBe(0)
    await release(5, { entity: priceList })
    await world.settle()
    expect(await world.tombstones(priceList)).toBe(5)
  })

  it('is needed when 5 of 7 price lists vanish one after the other', async () => {
    const ids = await world.fill(7, priceList)
    await world.receiveDeletes(ids.slice(0, 5), priceList)
    await world.settle()
    expect([await world.tombstones(priceList), (await world.held(priceList)).length]).toEqual([1, 4])
  })

  describe('a run that misses records', () => {
    it('owes each a read where so many may be deleted', async () => {
      const ids = await world.fill(100)
      expect(await miss(ids.slice(0, 5))).toEqual({ owed: 5, held: 0 })
      await world.settle()
      expect([await world.tombstones(), await world.state()]).toEqual([5, 'closed'])
    })

    it('holds none that is a tombstone, was never here or was seen since', async () => {
      const ids = await world.fill(60)
      const lookedAt = await world.db.transaction((tx) => databaseNow(tx))
      await world.db.query(`UPDATE tds_products SET deleted_at = tds_now() WHERE zoho_id = $1`, [ids[0]])
      await world.db.query(`UPDATE tds_products SET source_read_at = tds_now() WHERE zoho_id = $1`, [ids[1]])
      const zohoIds = [...ids.slice(0, 10), '77']
      expect(await missRecords(world.parts, { organizationId, entity: product, zohoIds, lookedAt })).toEqual({
        owed: 0,
        held: 8,
      })
    })

    it('holds them once, whether a read had found some before or another run finds them again', async () => {
      const ids = await world.fill(100)
      await world.oweReads(ids.slice(0, 7))
      await world.settle()
      await miss(ids.slice(5, 20))
      await miss(ids.slice(5, 20))
      expect(await world.held()).toEqual(ids.slice(5, 20))
      await release(15)
      await world.settle()
      expect(await world.tombstones()).toBe(20)
    })
  })

  it('is what its events wait for: they do not count as waiting too long, neither for the daemons nor from psql', async () => {
    await blow()
    await world.db.query(
      `UPDATE tds_inbox_events SET received_at = received_at - interval '2 hours' WHERE status = 'retry'`,
    )
    const oldest = async () => {
      const check = pipelineChecks(world.db).find(({ name }) => name === 'waiting events')
      const { rows } = await world.db.query<{ check_name: string; status: string }>(
        `SELECT check_name, status FROM tds_get_health_summary()
          WHERE check_name IN ('oldest_waiting_event', 'deletion_fuse') ORDER BY 1`,
      )
      return [(await check?.check())?.status, ...rows.map(({ status }) => status)]
    }
    expect(await oldest()).toEqual(['healthy', 'degraded', 'healthy'])
    await release(3)
    expect(await oldest()).toEqual(['unhealthy', 'healthy', 'unhealthy'])
  })

  it('is told by health until it is done: which type, how many, since when and what to do', async () => {
    const check = deletionFuseCheck(world.db)
    expect(await check.check()).toMatchObject({ status: 'healthy' })
    await blow()
    const told = await check.check()
    expect(told.status).toBe('degraded')
    expect(told.detail).toMatch(
      /^3 deletions of product are held since .*tds fuse release product --expect 3/,
    )
    expect(told.facts).toMatchObject({ product: { held: 3 } })
    await release(3)
    expect(await check.check()).toMatchObject({ status: 'healthy' })
  })
})
